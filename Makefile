# Two commands do everything: `make demo` and `make test`. Each sets up what it needs.
AUDIO ?= tools/demo_speech.wav
HEAD ?= rigs/default_head.blend
NECK = $(if $(filter rigs/default_head.blend,$(HEAD)),--head Neck)
FACEKIT ?= ../shared/data/ict_facekit
DEVELOP = blender,trainer,dev

.PHONY: demo film test test-slow test-blender lint head rigs zip clean

demo: ## speech -> animated head -> out/demo.blend and out/demo.mp4; AUDIO=your.wav for your own voice
	@tools/setup_environment.sh .venv-demo blender
	@mkdir -p out
	.venv-demo/bin/voxkey generate --scene $(HEAD) --object Head $(NECK) --audio "$(AUDIO)" --output out/demo.blend --render out/demo.mp4
	@echo "Look at out/demo.mp4 (film with sound) and open out/demo.blend in Blender."

film: ## recordings on two heads, side by side -> out/film.mp4; AUDIO="a.wav b.flac", FACEKIT=data of the second head
	@tools/setup_environment.sh .venv $(DEVELOP)
	.venv/bin/python -m tools.film $(AUDIO) --head $(HEAD) $(if $(wildcard $(FACEKIT)),--facekit $(FACEKIT)) --output out/film.mp4

test: lint ## everyday tests, in Blender 4.5 and 5.0 as Python modules
	.venv/bin/python -m pytest -n 2 -m "not slow"
	@tools/setup_environment.sh .venv-next blender-next,test
	.venv-next/bin/python -m pytest -n 2 -m "not slow" tests/core tests/blender tests/end_to_end

test-slow: ## tests that take longer than a few seconds each
	@tools/setup_environment.sh .venv $(DEVELOP)
	.venv/bin/python -m pytest -m slow

test-blender: ## the zip in a real Blender application, with screenshots of the panel (Debian, as root)
	@tools/setup_environment.sh .venv $(DEVELOP)
	.venv/bin/python -m tools.real_blender

lint:
	@tools/setup_environment.sh .venv $(DEVELOP)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

head: ## builds rigs/default_head.blend and its mesh as arrays from their scripts
	@tools/setup_environment.sh .venv $(DEVELOP)
	.venv/bin/python -m rigs.default_head --output rigs/default_head.blend
	.venv/bin/python -m rigs.head_mesh rigs/default_head.blend --output blender_addon/heads/default_head.npz

rigs: ## characters to test retargeting with -> out/rigs/*.blend
	@tools/setup_environment.sh .venv $(DEVELOP)
	.venv/bin/python -m rigs.test_rigs --output out/rigs

zip: ## the extension for every platform, in dist/
	@tools/setup_environment.sh .venv $(DEVELOP)
	.venv/bin/python -m tools.build_extension

clean: ## removes what the commands above made
	rm -rf .venv .venv-demo .venv-next dist out
