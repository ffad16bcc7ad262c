"""with_tmpfs.py FOLDER SIZE COMMAND...: runs a command with a small file system
on FOLDER, then prints its messages, its exit code and how many files it left."""
import os
import subprocess
import sys

folder, size, command = sys.argv[1], sys.argv[2], sys.argv[3:]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
try:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout, end="")
    print("exit", done.returncode)
    print("files:", len(os.listdir(folder)))
finally:
    subprocess.run(["umount", folder], check=True)
