# Variables: PYTHON (3.11 or newer), TORCH_BACKEND=cpu for the small build of PyTorch without CUDA.
AISLE := .venv/bin/aisle
export YOLO_OFFLINE := 1

.PHONY: demo test setup check pytest clean

demo: setup
	$(AISLE) run corner-shop
	@echo "To look at it: $(AISLE) dashboard runs"

test:
	@sh setup/install.sh for-tests
	@$(MAKE) --no-print-directory check pytest

setup:
	@sh setup/install.sh

check:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	.venv/bin/mypy

# One process a package, as in use: training with PyTorch after drawing with Mesa in one process crashed in its libraries.
pytest:
	@set -e; for package in tracking store sim dashboard; do .venv/bin/python -m pytest tests/$$package; done

clean:
	rm -rf .venv .uv runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
