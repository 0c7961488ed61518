"""A viewer that is too slow: what it loses, what it keeps, what it is told."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.live import protocol
from mini_nvr.live.protocol import FLAG_KEY, FLAG_SOUND, Message
from mini_nvr.live.viewer import MAX_BEHIND_US, ViewerQueue
from tests.support.live import letter

FRAME_US = 40_000
SIZE = 1_000


class Socket:
    """Takes `room` messages, then says that it is full."""

    def __init__(self, limit_bytes: int = 100 * SIZE) -> None:
        self.room = 1_000_000
        self.got: list[bytes] = []
        self.queue = ViewerQueue(self.write, limit_bytes)

    def write(self, pieces: Iterable[bytes]) -> None:
        data = b"".join(pieces)
        assert int.from_bytes(data[:4]) == len(data) - 4
        self.got.append(data[4:])
        self.room -= 1
        if self.room <= 0:
            self.queue.pause()

    def make_room(self, messages: int = 1_000_000) -> None:
        self.room = messages
        self.queue.resume()

    def fill_up(self) -> None:
        self.room = 0
        self.queue.pause()

    def story(self) -> str:
        return "".join(map(letter, self.got))

    def parts(self) -> list[int]:
        """The numbers of the parts that came."""
        return [protocol.read_part(message).utc_us // FRAME_US for message in self.got if message[0] == protocol.KIND_PART]


def part(number: int, gop: int = 10) -> Message:
    return protocol.part(number * FRAME_US, 0 if number % gop else FLAG_KEY, b"", bytes(SIZE))


def preamble() -> tuple[Message, Message]:
    return protocol.header({}), protocol.init(b"")


def show(socket: Socket, numbers: range, gop: int = 10) -> None:
    for number in numbers:
        socket.queue.offer(part(number, gop))


def test_a_viewer_that_reads_gets_everything_at_once() -> None:
    socket = Socket()
    for message in preamble():
        socket.queue.offer(message)
    show(socket, range(12))
    assert socket.story() == "HIKfffffffffKf"
    assert socket.queue.size_bytes == 0


def test_nothing_is_sent_before_a_key_frame() -> None:
    socket = Socket()
    socket.queue.offer(protocol.part(0, FLAG_SOUND, b"", b""))
    show(socket, range(5, 12))
    assert socket.story() == "Kf"


def test_a_short_delay_costs_nothing() -> None:
    socket = Socket()
    show(socket, range(5))
    socket.fill_up()
    show(socket, range(5, 40))
    socket.make_room(3)
    show(socket, range(40, 50))
    socket.make_room()
    assert socket.parts() == list(range(50))
    assert socket.queue.size_bytes == 0


def test_a_queue_over_its_limit_goes_on_with_the_newest_key_frame() -> None:
    socket = Socket(limit_bytes=25 * SIZE)
    socket.fill_up()
    show(socket, range(26))
    assert socket.queue.size_bytes < 10 * SIZE
    socket.make_room()
    assert socket.story() == "(skipped)Kfffff"
    assert socket.parts() == list(range(20, 26))
    assert protocol.read_json(socket.got[0]) == {"event": "skipped", "parts": 20}


def test_a_gop_that_is_longer_than_the_queue_is_left_out() -> None:
    socket = Socket(limit_bytes=25 * SIZE)
    show(socket, range(3), gop=100)
    socket.fill_up()
    show(socket, range(3, 90), gop=100)
    assert socket.queue.size_bytes == 0
    socket.make_room()
    show(socket, range(90, 102), gop=100)
    assert socket.parts() == [0, 1, 2, 100, 101]
    assert socket.story() == "Kff(skipped)Kf"
    assert protocol.read_json(socket.got[3])["parts"] == 97


def test_a_viewer_that_is_too_far_behind_goes_on_with_the_key_frame_that_comes() -> None:
    socket = Socket(limit_bytes=1000 * SIZE)
    frames = MAX_BEHIND_US // FRAME_US
    show(socket, range(5), gop=frames)
    socket.fill_up()
    show(socket, range(5, 2 * frames + 6), gop=frames)
    socket.make_room()
    assert socket.parts() == [*range(5), *range(2 * frames, 2 * frames + 6)]
    assert "f(skipped)K" in socket.story()


def test_the_newest_header_and_init_survive_a_cut() -> None:
    socket = Socket(limit_bytes=25 * SIZE)
    socket.fill_up()
    for message in preamble():
        socket.queue.offer(message)
    show(socket, range(10))
    socket.queue.offer(protocol.event("formatChanged"))
    for message in (protocol.header({"width": 2}), protocol.init(b"second")):
        socket.queue.offer(message)
    show(socket, range(20, 37))
    socket.make_room()
    assert socket.story() == "HI(skipped)Kffffff"
    assert protocol.read_json(socket.got[0]) == {"width": 2}
    assert socket.got[1] == b"\x02second"


def test_a_listener_that_does_not_read_keeps_a_bounded_queue() -> None:
    socket = Socket(limit_bytes=10_000)
    socket.fill_up()
    for number in range(10_000):
        socket.queue.offer(protocol.event("channel", channel=number))
    assert socket.queue.size_bytes <= 10_000
    socket.make_room()
    socket.queue.offer(protocol.event("channel", channel=-1))
    assert "(skipped)" in socket.story()
    assert protocol.read_json(socket.got[-1])["channel"] == -1


@given(st.lists(st.sampled_from("vvvvvvkspr"), max_size=300), st.integers(2, 30))
def test_what_arrives_can_be_decoded_and_is_bounded(actions: list[str], limit: int) -> None:
    """Whatever the order of frames, key frames, sound, full and empty sockets: after a hole comes a key frame, told by an event."""
    socket = Socket(limit * SIZE)
    number = 0
    for action in actions:
        number += 1
        if action == "p":
            socket.fill_up()
        elif action == "r":
            socket.make_room(number % 7 + 1)
        else:
            flags = {"k": FLAG_KEY, "s": FLAG_SOUND, "v": 0}[action]
            socket.queue.offer(protocol.part(number * FRAME_US * 10, flags, b"", bytes(SIZE)))
        assert socket.queue.size_bytes <= (limit + 1) * (SIZE + 100)
    while socket.queue.size_bytes:
        socket.make_room()
    sent = [n + 1 for n, action in enumerate(actions) if action in "vks"]
    expected = None
    told = False
    for message in socket.got:
        if message[0] == protocol.KIND_EVENT:
            told = True
            continue
        got = protocol.read_part(message)
        position = sent.index(got.utc_us // FRAME_US // 10)
        if position != expected:
            assert got.is_key
            assert told or expected is None
        told = False
        expected = position + 1
