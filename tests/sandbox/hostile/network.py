"""The network: TCP, UDP, sockets of this machine. Nothing may arrive at the listeners of the canaries."""

from __future__ import annotations

from hostile.case import DENIED, WRONG, Family, Outcome, blocked, failed

NO_SOCKET = blocked("socket")
CALLS = blocked("socket|socketpair|connect|bind|sendto|sendmsg|sendmmsg")

tcp = Family("TCP", NO_SOCKET)
tcp.act(
    "connect",
    """
    import socket
    with socket.socket() as link:
        link.connect(("127.0.0.1", @TCP@))
        link.sendall(b"harm")
    return True
""",
)
tcp.act("create_connection", "import socket\nreturn socket.create_connection(('127.0.0.1', @TCP@)).fileno() > 0")
tcp.act(
    "by a name",
    "import socket\nreturn socket.create_connection(('localhost', @TCP@)).fileno() > 0",
    NO_SOCKET,
    failed("gaierror"),
)
tcp.act(
    "the sixth version",
    """
    import socket
    return socket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", @TCP@)) is None
""",
)
tcp.act(
    "urllib",
    """
    import urllib.request
    return urllib.request.urlopen(f"http://127.0.0.1:{@TCP@}/", timeout=1).read() is not None
""",
)
tcp.act(
    "http.client",
    """
    import http.client
    link = http.client.HTTPConnection("127.0.0.1", @TCP@, timeout=1)
    link.request("GET", "/")
    return True
""",
)
tcp.act("ftplib", "import ftplib\nftplib.FTP().connect('127.0.0.1', @TCP@, 1)\nreturn True")
tcp.act("smtplib", "import smtplib\nsmtplib.SMTP('127.0.0.1', @TCP@, 'me', 1)\nreturn True")
tcp.act("xmlrpc", "import xmlrpc.client\nreturn xmlrpc.client.ServerProxy(f'http://127.0.0.1:{@TCP@}').harm()")
tcp.act(
    "asyncio",
    """
    import asyncio
    async def main():
        return await asyncio.open_connection("127.0.0.1", @TCP@)
    return bool(asyncio.run(main()))
""",
)
tcp.act(
    "a log over the network",
    """
    import logging, logging.handlers
    handler = logging.handlers.SocketHandler("127.0.0.1", @TCP@)
    handler.createSocket()
    return handler.sock is not None
""",
)
tcp.act(
    "multiprocessing",
    """
    from multiprocessing.connection import Client
    return bool(Client(("127.0.0.1", @TCP@)))
""",
    NO_SOCKET,
    DENIED,
    failed("ImportError"),
)
tcp.act("socket by number", "return raw(@NR:socket@, 2, 1, 0) >= 0")
tcp.act("socket of libc", "import ctypes\nreturn ctypes.CDLL(None).socket(2, 1, 0) >= 0")
tcp.act(
    "listen",
    """
    import socket
    link = socket.socket()
    link.bind(("0.0.0.0", 0))
    link.listen()
    return True
""",
)
tcp.act(
    "a server", "import http.server\nreturn bool(http.server.HTTPServer(('', 0), http.server.SimpleHTTPRequestHandler))"
)
tcp.act(
    "several paths at once", "import socket\nreturn socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262).fileno() > 0"
)
tcp.act(
    "fast open",
    """
    import socket
    return socket.socket().sendto(b"harm", 0x20000000, ("127.0.0.1", @TCP@)) > 0
""",
)
tcp.hide("connect", "in the tests", "subinterpreter", "while importing", "thread", "ctypes callback")
tcp.twin("an address is formed", "import socket\nreturn socket.inet_aton('127.0.0.1') == b'\\x7f\\0\\0\\1'")
tcp.twin("a request is formed", "import urllib.request\nreturn urllib.request.Request('http://a/b').host == 'a'")

udp = Family("UDP and raw sockets", NO_SOCKET)
udp.act(
    "sendto",
    """
    import socket
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"harm", ("127.0.0.1", @UDP@)) == 4
""",
)
udp.act(
    "a log by datagrams",
    """
    import logging.handlers
    handler = logging.handlers.DatagramHandler("127.0.0.1", @UDP@)
    handler.send(b"harm")
    return True
""",
)
udp.act(
    "a name is looked up",
    "import socket\nreturn socket.getaddrinfo('example.invalid', 80)",
    NO_SOCKET,
    failed("gaierror"),
)
udp.act(
    "the system's log by network",
    """
    import logging.handlers
    handler = logging.handlers.SysLogHandler(("127.0.0.1", @UDP@))
    handler.socket.sendto(b"harm", handler.address)
    return True
""",
)
udp.act("by number", "return raw(@NR:socket@, 2, 2, 0) >= 0")
for name, (kind, sort, protocol) in {
    "raw": (2, 3, 1), "ping": (2, 2, 1), "packet": (17, 3, 3), "netlink": (16, 3, 0), "machine": (40, 1, 0),
    "crypto": (38, 5, 0), "bluetooth": (31, 3, 1), "can": (29, 3, 1), "tipc": (30, 2, 0), "xdp": (44, 3, 0),
}.items():  # fmt: skip
    udp.act(f"a {name} socket", f"import socket\nreturn socket.socket({kind}, {sort}, {protocol}).fileno() > 0")
udp.hide("sendto", "in the tests", "subinterpreter", "coroutine")
udp.twin("a name of one's own", "import ipaddress\nreturn ipaddress.ip_address('::1').is_loopback")

unix = Family("sockets of this machine", CALLS)
SENT = Outcome("blocked", r"^blocked: (socketpair|sendto|sendmsg|sendmmsg|connect|bind)\b")
unix.act(
    "a path",
    """
    import socket
    socket.socket(socket.AF_UNIX).connect(@UNIX@)
    return True
""",
    NO_SOCKET,
)
unix.act(
    "a name without a path",
    """
    import socket
    socket.socket(socket.AF_UNIX).connect("\\0" + @ABSTRACT@)
    return True
""",
    NO_SOCKET,
)
unix.act(
    "a datagram to a path",
    """
    import socket
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"harm", @DGRAM@) == 4
""",
    NO_SOCKET,
)
unix.act(
    "a datagram to a name",
    """
    import socket
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"harm", "\\0" + @ABSTRACT_DGRAM@) == 4
""",
    NO_SOCKET,
)
for name, target in {"a path": "@DGRAM@", "a name": "'\\0' + @ABSTRACT_DGRAM@"}.items():
    unix.act(
        f"half a pair sends to {name}",
        f"""
        import socket
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        return one.sendto(b"harm", {target}) == 4
    """,
        SENT,
        DENIED,
    )
    unix.act(
        f"half a pair sends a message to {name}",
        f"""
        import socket
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        return one.sendmsg([b"harm"], [], 0, {target}) == 4
    """,
        SENT,
        DENIED,
    )
    unix.act(
        f"half a pair connects to {name}",
        f"""
        import socket
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        one.connect({target})
        return one.send(b"harm") == 4
    """,
        SENT,
        DENIED,
    )
unix.act(
    "half a pair sends many messages",
    """
    import ctypes, socket, struct
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    address = ctypes.create_string_buffer(struct.pack("H", 1) + @DGRAM@.encode() + b"\\0")
    text = ctypes.create_string_buffer(b"harm")
    part = (ctypes.c_uint64 * 2)(ctypes.addressof(text), 4)
    message = (ctypes.c_uint64 * 8)(ctypes.addressof(address), len(address) - 1, ctypes.addressof(part), 1)
    return raw(@NR:sendmmsg@, one.fileno(), ctypes.byref(message), 1, 0) == 1
""",
    SENT,
    DENIED,
)
unix.act(
    "half a pair takes a name",
    """
    import socket
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.bind("\\0harm")
    return True
""",
    SENT,
    DENIED,
)
unix.act(
    "a pair of network sockets",
    "import socket\nreturn bool(socket.socketpair(socket.AF_INET, socket.SOCK_STREAM))",
    blocked("socketpair|socket"),
    DENIED,
    failed(r"Errno 95|Errno 93|Errno 97"),
)
unix.act(
    "the system's log",
    "import syslog\nsyslog.openlog('harm')\nsyslog.syslog('harm')\nreturn False",
    NO_SOCKET,
    blocked("socket|connect"),
    WRONG,
)
unix.act(
    "asyncio",
    """
    import asyncio
    async def main():
        return await asyncio.open_unix_connection(@UNIX@)
    return bool(asyncio.run(main()))
""",
    CALLS,
)
unix.act(
    "multiprocessing",
    "from multiprocessing.connection import Client\nreturn bool(Client(@UNIX@))",
    NO_SOCKET,
    DENIED,
    failed("ImportError"),
)
unix.act(
    "a server of one's own",
    """
    import socketserver
    return bool(socketserver.UnixStreamServer("own", socketserver.BaseRequestHandler))
""",
    NO_SOCKET,
)
unix.act(
    "connect on what is there",
    """
    import ctypes, struct
    address = struct.pack("H", 1) + @UNIX@.encode() + b"\\0"
    for number in range(21):
        try:
            raw(@NR:connect@, number, address, len(address))
            return True
        except OSError:
            pass
    return False
""",
    blocked("connect"),
    WRONG,
)
unix.act(
    "sent through what is there",
    """
    import ctypes, struct
    address = struct.pack("H", 1) + @DGRAM@.encode() + b"\\0"
    for number in range(21):
        try:
            raw(@NR:sendto@, number, b"harm", 4, 0, address, len(address))
            return True
        except OSError:
            pass
    return False
""",
    blocked("sendto"),
    WRONG,
    DENIED,
)
unix.hide("a path", "in the tests", "thread")
unix.hide("half a pair sends to a path", "in the tests", "subinterpreter", "while importing")
unix.twin(
    "a pipe of one's own",
    """
    import os
    read, write = os.pipe()
    os.write(write, b"mine")
    return os.read(read, 4) == b"mine"
""",
)

FAMILIES = (tcp, udp, unix)
