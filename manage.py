#!/usr/bin/env python
from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opensession.settings")
    gc.disable()  # Nothing that is imported is garbage. `SessionsConfig.ready` ends this.
    from django.core.management import execute_from_command_line  # Django reads the variable set above.

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
