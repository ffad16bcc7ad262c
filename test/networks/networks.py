"""networks.py [NAME...] --out DIR: exports networks, each into its own folder of DIR.

    python networks.py --list
    python networks.py distilbert yolov8n --out /tmp/networks
"""
import argparse
import os
import traceback

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is fetched: configurations are written here, weights made up
os.environ.setdefault("YOLO_AUTOINSTALL", "False")

import flax_networks
import generative
import language
import published
import registry
import speech
import toolchains
import vision

FAMILIES = (vision, language, speech, generative, toolchains, flax_networks, published)


def exported(network, directory):
    """The folder with `model.onnx` and `inputs.npz`, made once."""
    folder = os.path.join(directory, network.name)
    if not os.path.exists(os.path.join(folder, "inputs.npz")):
        registry.save_inputs(folder, network.make(folder))
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them by default")
    parser.add_argument("--out", default="build/networks")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        for network in registry.NETWORKS.values():
            print(f"{network.name:24} {network.source:14} {network.exporter}")
        return 0
    failed = 0
    for name in args.names or registry.NETWORKS:
        try:
            print(exported(registry.NETWORKS[name], args.out), flush=True)
        except Exception:  # the next one may work
            traceback.print_exc()
            failed += 1
    return failed != 0


if __name__ == "__main__":
    raise SystemExit(main())
