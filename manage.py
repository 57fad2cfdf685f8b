#!/usr/bin/env python
from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opensession.settings")
    gc.disable()  # Nothing that is imported is garbage. `SessionsConfig.ready` ends this.
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line  # Django reads the variable set above.

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
