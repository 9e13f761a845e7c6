"""Files, folders and secrets outside of the work directory."""

from __future__ import annotations

from hostile.case import DENIED, OTHER_DISK, UNKNOWN_CALL, WRONG, Family, blocked, failed

accounts = Family("read /etc/passwd", DENIED)
accounts.act("open", "return open('/etc/passwd').read()")
accounts.act("os.open", "import os\nreturn os.read(os.open('/etc/passwd', os.O_RDONLY), 10)")
accounts.act("io.FileIO", "import io\nreturn io.FileIO('/etc/passwd').read(10)")
accounts.act("pathlib", "import pathlib\nreturn pathlib.Path('/etc/passwd').read_text()")
accounts.act(
    "the user database", "import pwd\nreturn pwd.getpwuid(0).pw_dir", failed("KeyError"), DENIED, blocked("socket")
)
accounts.act("all users", "import pwd\nreturn pwd.getpwall()", WRONG, DENIED, blocked("socket"))
accounts.act("all groups", "import grp\nreturn grp.getgrall()", WRONG, DENIED, blocked("socket"))
accounts.act("linecache", "import linecache\nreturn linecache.getlines('/etc/passwd')", WRONG)
accounts.act(
    "the source of a module",
    """
    import importlib.machinery
    return importlib.machinery.SourceFileLoader("accounts", "/etc/passwd").get_data("/etc/passwd")
""",
)
accounts.act("run as a program", "import runpy\nreturn runpy.run_path('/etc/passwd')", DENIED)
accounts.act(
    "mapped",
    """
    import mmap, os
    return mmap.mmap(os.open("/etc/passwd", os.O_RDONLY), 10, prot=mmap.PROT_READ)[:]
""",
)
accounts.act(
    "a database",
    """
    import sqlite3
    return sqlite3.connect("file:/etc/passwd?mode=ro", uri=True).execute("select 1").fetchall()
""",
    failed("OperationalError"),
    DENIED,
    failed("ImportError"),
)
accounts.act("settings", "import configparser\nreturn configparser.ConfigParser().read('/etc/passwd')", WRONG)
accounts.act("lines of a program", "import fileinput\nreturn list(fileinput.input('/etc/passwd'))")
accounts.act("shadow", "return open('/etc/shadow').read()")
accounts.act(
    "the home directory",
    "import os\nreturn os.listdir(os.path.expanduser('~root'))",
    DENIED,
    failed("FileNotF"),
    blocked("socket"),
)
accounts.hide("open", "in the tests", "subinterpreter", "trace function")
accounts.twin("a module's own source", "import json\nreturn 'def loads' in open(json.__file__).read()")
accounts.twin(
    "a file of one's own",
    """
    with open("own.txt", "w") as file:
        file.write("mine")
    return open("own.txt").read() == "mine"
""",
)

secret = Family("read a secret", DENIED)
secret.act("open", "return open(@SECRET@).read()")
secret.act("open by number", "import os\nreturn os.read(raw(@NR:open@, @SECRET@.encode(), 0), 99)")
secret.act("openat by number", "import os\nreturn os.read(raw(@NR:openat@, -100, @SECRET@.encode(), 0), 99)")
secret.act(
    "openat2",
    """
    import ctypes, os
    how = (ctypes.c_uint64 * 3)(0, 0, 0)
    return os.read(raw(@NR:openat2@, -100, @SECRET@.encode(), ctypes.byref(how), 24), 99)
""",
    DENIED,
    UNKNOWN_CALL,
)
secret.act(
    "open of libc",
    """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.open(@SECRET@.encode(), 0)
    return handle >= 0 and os.read(handle, 99)
""",
    WRONG,
)
secret.act("fopen of libc", "import ctypes\nreturn bool(ctypes.CDLL(None).fopen(@SECRET@.encode(), b'r'))", WRONG)
secret.act("by the way of /proc", "return open('/proc/self/root' + @SECRET@).read()")
secret.act("up from the work directory", "return open('../' * 30 + @SECRET@).read()")
secret.act(
    "a folder's descriptor",
    """
    import os
    top = os.open(os.path.dirname(@SECRET@), os.O_PATH)
    return os.read(os.open(os.path.basename(@SECRET@), os.O_RDONLY, dir_fd=top), 99)
""",
)
secret.act(
    "from inside the folder",
    """
    import os
    os.chdir(os.path.dirname(@SECRET@))
    return open(os.path.basename(@SECRET@)).read()
""",
)
secret.act(
    "a path first, the contents later",
    """
    import os
    return open(f"/proc/self/fd/{os.open(@SECRET@, os.O_PATH)}").read()
""",
)
secret.act(
    "a path first, sent later",
    """
    import os
    handle = os.open(@SECRET@, os.O_PATH)
    return os.sendfile(os.open("copy", os.O_WRONLY | os.O_CREAT), handle, 0, 99) > 0
""",
    DENIED,
    failed(r"Errno 9\]"),
)
secret.act("copied", "import shutil\nshutil.copy(@SECRET@, 'copy')\nreturn open('copy').read()")
secret.act("moved", "import shutil\nshutil.move(@SECRET@, 'copy')\nreturn open('copy').read()", DENIED, OTHER_DISK)
secret.act(
    "imported",
    """
    import os, sys
    sys.path.insert(0, os.path.dirname(@SECRET@))
    import secretmodule
    return secretmodule.SECRET
""",
    failed("ModuleNotFoundError|ImportError"),
    DENIED,
)
secret.act(
    "imported out of an archive",
    """
    import zipimport
    return zipimport.zipimporter(@SECRET@)
""",
    failed("ZipImportError"),
    DENIED,
)
secret.act(
    "loaded as a library",
    """
    import ctypes
    return ctypes.CDLL(@SECRET@)
""",
    failed("OSError: .*cannot open shared object file"),
)
secret.act(
    "executed",
    """
    import ctypes, os
    os.execv(@SECRET@, ["x"])
""",
    blocked("execve"),
)
secret.act(
    "many at once",
    """
    import os
    found = 0
    for folder, _, names in os.walk(os.path.dirname(@SECRET@)):
        for name in names:
            try:
                found += bool(open(os.path.join(folder, name)).read())
            except OSError:
                pass
    return found
""",
    WRONG,
)
secret.act(
    "a handle instead of a path",
    """
    import ctypes, os
    handle, number = (ctypes.c_uint32 * 34)(128), ctypes.c_int()
    raw(@NR:name_to_handle_at@, -100, @SECRET@.encode(), ctypes.byref(handle), ctypes.byref(number), 0)
    return os.read(raw(@NR:open_by_handle_at@, -100, ctypes.byref(handle), 0), 99)
""",
    DENIED,
    UNKNOWN_CALL,
    blocked("name_to_handle_at|open_by_handle_at"),
)
secret.hide(
    "open", "in the tests", "while importing", "subinterpreter", "signal handler", "thread", "pickle", "audit hook"
)
secret.hide("openat by number", "ctypes callback", "embedded")
secret.twin(
    "a secret of one's own",
    """
    import os
    handle = os.open("own", os.O_RDWR | os.O_CREAT)
    os.write(handle, b"mine")
    return os.pread(handle, 9, 0) == b"mine"
""",
)

folders = Family("list folders", DENIED)
folders.act("/root", "import os\nreturn os.listdir('/root')")
folders.act("the root", "import os\nreturn os.listdir('/')")
folders.act("scandir", "import os\nreturn [entry.name for entry in os.scandir('/etc')]")
folders.act("glob", "import glob\nreturn glob.glob('/etc/*')", WRONG)
folders.act("walk", "import os\nreturn [names for _, _, names in os.walk('/home')]", WRONG)
folders.act("pathlib", "import pathlib\nreturn list(pathlib.Path(@DIR@).iterdir())")
folders.act("/tmp", "import os\nreturn [name for name in os.listdir('/tmp')]")
folders.act("the folder above", "import os\nreturn os.listdir('..')")
folders.act(
    "by number",
    """
    import ctypes, os
    room = ctypes.create_string_buffer(4096)
    return raw(@NR:getdents64@, os.open(@DIR@, os.O_RDONLY | os.O_DIRECTORY), room, 4096) > 0
""",
)
folders.act(
    "a path's descriptor", "import os\nreturn os.listdir(os.open('/etc', os.O_PATH))", DENIED, failed("Errno 9")
)
folders.act("opendir of libc", "import ctypes\nreturn bool(ctypes.CDLL(None).opendir(b'/etc'))", WRONG)
folders.act(
    "modules on the way",
    """
    import pkgutil, os
    return list(pkgutil.iter_modules([os.path.dirname(@SECRET@)]))
""",
    WRONG,
)
folders.hide("/root", "in the tests", "subinterpreter", "thread", "coroutine")
folders.twin("one's own folder", "import os\nopen('a', 'w').close()\nreturn 'a' in os.listdir('.')")

links = Family("symlink to a secret", DENIED)
links.act("symlink", "import os\nos.symlink(@SECRET@, 'link')\nreturn open('link').read()")
links.act(
    "symlink by number",
    """
    raw(@NR:symlinkat@, @SECRET@.encode(), -100, b"link")
    return open("link").read()
""",
)
links.act(
    "a chain of symlinks",
    """
    import os
    os.symlink(@SECRET@, "link0")
    for i in range(5):
        os.symlink(f"link{i}", f"link{i + 1}")
    return open("link5").read()
""",
)
links.act(
    "a symlink to the folder",
    """
    import os
    os.symlink(os.path.dirname(@SECRET@), "folder")
    return open("folder/" + os.path.basename(@SECRET@)).read()
""",
)
links.act("hard link", "import os\nos.link(@SECRET@, 'link')\nreturn open('link').read()", DENIED, OTHER_DISK)
links.act(
    "hard link by number",
    """
    raw(@NR:linkat@, -100, @SECRET@.encode(), -100, b"link", 0)
    return open("link").read()
""",
    DENIED,
    OTHER_DISK,
)
links.act(
    "a link made of a descriptor",
    """
    import os
    handle = os.open(@SECRET@, os.O_PATH)
    os.link(f"/proc/self/fd/{handle}", "link", follow_symlinks=True)
    return open("link").read()
""",
    DENIED,
    OTHER_DISK,
)
links.act(
    "the secret renamed into the work directory",
    """
    import os
    os.rename(@SECRET@, "here")
    return open("here").read()
""",
    DENIED,
    OTHER_DISK,
)
links.act(
    "exchanged with a file of one's own",
    """
    open("own", "w").close()
    raw(@NR:renameat2@, -100, @SECRET@.encode(), -100, b"own", 2)
    return open("own").read()
""",
    DENIED,
    OTHER_DISK,
    UNKNOWN_CALL,
)
links.act(
    "a symlink that a write follows",
    """
    import os
    os.symlink(@DIR@ + "/file", "link")
    with open("link", "w") as file:
        file.write("harm")
    return True
""",
)
links.act(
    "a symlink out of an archive",
    """
    import io, tarfile
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w") as archive:
        link = tarfile.TarInfo("out")
        link.type, link.linkname = tarfile.SYMTYPE, @DIR@
        archive.addfile(link)
        file = tarfile.TarInfo("out/harm")
        archive.addfile(file, io.BytesIO())
    room.seek(0)
    tarfile.open(fileobj=room).extractall(".")
    return True
""",
    DENIED,
    failed("Error"),
)
links.act(
    "an archive that climbs up",
    """
    import io, tarfile
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../" * 20 + @DIR@.lstrip("/") + "/harm"), io.BytesIO())
    room.seek(0)
    tarfile.open(fileobj=room).extractall(".")
    return True
""",
    DENIED,
    failed("Error"),
)
links.act(
    "a race of links",
    """
    import os, threading, time
    open("plain", "w").close()
    os.symlink(@SECRET@, "evil")
    end = time.monotonic() + 0.3
    def swap():
        while time.monotonic() < end:
            for target in ("plain", "evil"):
                os.link(target, "turn", follow_symlinks=False)
                os.replace("turn", "link")
    worker = threading.Thread(target=swap)
    worker.start()
    found = ""
    while time.monotonic() < end:
        try:
            found += open("link").read()
        except OSError:
            pass
    worker.join()
    return found
""",
    WRONG,
    DENIED,
)
links.hide("symlink", "in the tests", "import hook")
links.twin(
    "a link of one's own",
    """
    import os
    with open("own", "w") as file:
        file.write("mine")
    os.symlink("own", "link")
    return open("link").read() == "mine"
""",
)

FAMILIES = (accounts, secret, folders, links)
