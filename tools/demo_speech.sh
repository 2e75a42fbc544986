#!/bin/sh
# demo_speech.sh: makes tools/demo_speech.wav anew, the sentence that `make demo` speaks when no recording is named.
# Needs espeak-ng (Debian package espeak-ng). The shipped model has heard this kind of voice in training, not these words.
set -eu
cd "$(dirname "$0")"
espeak-ng -v en-us+f3 -s 155 -w demo_speech.wav '[[_:_:_:]] Hello! I am Voxkey. Press one button, and my lips
move with every word. Pop, bubble, movie, five, two blue moons.'
