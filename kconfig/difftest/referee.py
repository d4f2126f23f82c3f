# Answers requests, one JSON object a line, with what Kconfiglib makes of them.
#
# Request:  {"kconfig": text of a Kconfig file, "conf": text of a .config file}
# Response: {"symbols": {name: [value, visible, written]}, "choices": {name: member or ""}} or {"error": text}
import json
import os
import sys
import tempfile

import kconfiglib


def answer(request, folder):
    tree = os.path.join(folder, "Kconfig")
    conf = os.path.join(folder, "conf")
    with open(tree, "w", encoding="utf-8") as f:
        f.write(request["kconfig"])
    with open(conf, "w", encoding="utf-8") as f:
        f.write(request["conf"])
    kconf = kconfiglib.Kconfig(tree, warn=False)
    kconf.load_config(conf)
    symbols = {}
    for sym in kconf.unique_defined_syms:
        symbols[sym.name] = [sym.str_value, sym.visibility != 0, sym.config_string != ""]
    choices = {}
    for choice in kconf.unique_choices:
        choices[choice.name] = choice.selection.name if choice.selection else ""
    return {"symbols": symbols, "choices": choices}


def main():
    os.environ["srctree"] = ""
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            try:
                response = answer(json.loads(line), folder)
            except Exception as e:
                response = {"error": "%s: %s" % (type(e).__name__, e)}
            print(json.dumps(response), flush=True)


main()
