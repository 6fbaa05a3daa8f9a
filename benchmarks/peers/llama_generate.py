"""llama.cpp writes: tokens a second by its own count, for `benchmarks/generate.py`. Needs xllamacpp, not Regard.

Reads from stdin what is asked, a JSON object: `model` (a GGUF file), `prompts`, `tokens`, `threads`. Prints a JSON list
with the figure of each prompt.
"""

import json
import sys

import xllamacpp


def main() -> None:
    asked = json.load(sys.stdin)
    settings = xllamacpp.CommonParams()
    settings.model.path = asked["model"]
    settings.cpuparams.n_threads = asked["threads"]
    settings.n_ctx = 1024
    settings.warmup = True
    server = xllamacpp.Server(settings)
    told = []
    for prompt in asked["prompts"]:
        request = {"prompt": prompt, "max_tokens": asked["tokens"], "temperature": 0, "ignore_eos": True}
        told.append(server.handle_completions(request)["timings"]["predicted_per_second"])
    print(json.dumps(told))


if __name__ == "__main__":
    main()
