"""check_package.py PACKAGE MODEL FOLDER [--host]: builds Inputs/project with the CMake
package for the host, where it runs, and without --host for firmware; says what it
saw."""
import os
import pathlib
import shutil
import subprocess
import sys

PROJECT = pathlib.Path(__file__).parent / "Inputs" / "project"
TARGETS = {  # toolchain file, and what the objects must be
    "cortex-m4": ("""set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
""", "thumbv7em-unknown-none-eabihf"),
    "cortex-m7-soft": ("""set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m7 -mthumb")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
""", "features `-fpregs`"),
    "aarch64": ("""set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
""", "aarch64-unknown-linux-gnu"),
}


def call(*command):
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True)
    if done.returncode:
        sys.exit("%s\n%s%s" % (" ".join(map(str, command)), done.stdout, done.stderr))
    return done.stdout


def build(package, model, folder, *options):
    call("cmake", "-G", "Ninja", "-S", PROJECT, "-B", folder, "-Dswapc_DIR=%s" % package, "-DMODEL=%s" % model, *options)
    call("cmake", "--build", folder)


def main():
    package, model, folder = map(pathlib.Path, sys.argv[1:4])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = folder / "digits.onnx"
    shutil.copy(model, own)
    build(package, own, folder / "host")
    print("host:", call(folder / "host" / "program").strip())
    if "--host" in sys.argv:
        return
    blob = pathlib.Path((folder / "host" / "blobs.txt").read_text().strip())
    print("blob of a target:", blob.relative_to(folder / "host").as_posix(), blob.exists())

    def step():
        return "no work" if "no work to do" in call("cmake", "--build", folder / "host", "--", "-v") else "built"

    print("again:", step())
    os.utime(own)
    print("after the model changed:", step())
    print("again:", step())
    for name, (toolchain, expected) in TARGETS.items():
        file = folder / (name + ".cmake")
        file.write_text(toolchain)
        build(package, own, folder / name, "-DCMAKE_TOOLCHAIN_FILE=%s" % file, "-DCMAKE_BUILD_TYPE=MinSizeRel")
        page = (folder / name / "swapc" / "program" / "digits" / "README.md").read_text()
        print("%s: %s" % (name, expected if expected in page else page[:300]))
    if shutil.which("qemu-aarch64"):
        print("aarch64 runs:", call("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", folder / "aarch64" / "program").strip())


main()
