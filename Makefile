# make demo: try it. make test: check it. make lint: before a commit. make docs: the pages as a site. All can be repeated.
VENV ?= .venv
BIN := $(VENV)/bin
DEMO := demo

.PHONY: demo test lint docs clean
.DELETE_ON_ERROR:

$(VENV)/.installed: pyproject.toml tools/prepare.sh
	@sh tools/prepare.sh $(VENV)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml tools/prepare.sh
	@sh tools/prepare.sh $(VENV) dev
	@touch $(VENV)/.installed $@

$(VENV)/.installed-docs: pyproject.toml tools/prepare.sh
	@sh tools/prepare.sh $(VENV) docs
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/pase models fetch >/dev/null
	@$(BIN)/pase run "$$($(BIN)/pase models path demo)" -o $(DEMO) --overwrite
	@echo "Open $(DEMO)/report.html (the report), $(DEMO)/viewer.html (the bones in 3D) and $(DEMO)/overlay.mp4 (over the film);"
	@echo "for OpenSim: $(DEMO)/person_1/skeleton.osim and motion.mot."

test: $(VENV)/.installed-dev
	@echo "This takes some eight minutes of one processor core; a single file takes seconds: $(BIN)/python -m pytest tests/FILE."
	@$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(VENV)/.installed-docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html."

clean:
	rm -rf $(VENV) $(DEMO) site .mypy_cache .ruff_cache .pytest_cache
