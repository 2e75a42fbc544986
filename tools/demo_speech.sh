#!/bin/sh
# demo_speech.sh: makes tools/demo_speech.wav anew, the sentence that `make demo` speaks when no recording is named.
# Needs flite (Debian package flite). No model was ever trained on this voice, so the demo shows what a new voice gets.
set -eu
cd "$(dirname "$0")"
flite -voice slt -o demo_speech.wav -t "Hello! I am Voxkey. Record your voice, press one button, and my lips move with every word.
Pop, bubble, movie, five, two blue moons."
