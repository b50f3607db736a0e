"""Decision words: inputs, orders, alerts and everything that goes out; written to the journal."""

from tocsin.words.basics import Word


class Frame(Word, frozen=True, kw_only=True, tag=True):
    """Bytes from a named source. `t_ns` is when *we* received them."""

    t_ns: int
    source: str
    payload: bytes


class Tick(Word, frozen=True, kw_only=True, tag=True):
    """Time passed."""

    t_ns: int


Input = Frame | Tick


class Batch(Word, frozen=True, kw_only=True, tag=True):
    """What edge collected in at most 20 ms: the unit of journal write, decoding and tracking."""

    number: int
    t_ns: int
    inputs: tuple[Input, ...]


class Rejected(Word, frozen=True, kw_only=True, tag=True):
    """Bad input is an output: counted and shown. `reason` is one of `rules.reasons.REASONS`."""

    t_ns: int
    source: str
    reason: str
    count: int = 1
    detail: str = ""


class Order(Word, frozen=True, kw_only=True, tag=True):
    """What an operator asked for. `action`: release, stop, cancel, all_clear, raise.

    `alert` is an alert id (release, stop, cancel, all_clear); `zone`, `threat` and `stage` are
    for `raise`. `nonce` makes each order unique; `signature` is Ed25519, hexadecimal, over
    `rules.authority.canonical`: all the other fields, the realm and the site's name.
    """

    t_ns: int
    action: str
    operator: str
    nonce: str
    alert: str = ""
    zone: str = ""
    threat: str = ""
    stage: str = ""
    note: str = ""
    signature: str = ""


class Receipt(Word, frozen=True, kw_only=True, tag=True):
    """What became of a message. `outcome`: sent, acknowledged, refused, timed_out."""

    t_ns: int
    channel: str
    subject: str
    outcome: str
    detail: str = ""


class Reason(Word, frozen=True, kw_only=True, tag=True):
    """Why an alert was decided: the rule, the arrival behind it, the track behind that.

    `track` is -1 when no track is behind the alert (an operator's order, an expiry).
    """

    rule: str
    track: int = -1
    chance: float = 0.0
    t_ns_early: int = 0
    t_ns_likely: int = 0
    t_ns_late: int = 0
    evidence: tuple[int, ...] = ()


class Alert(Word, frozen=True, kw_only=True, tag=True):
    """What one zone is to be told about one threat. Never edited: the next `serial` replaces it.

    Its id is ``realm:zone:threat:serial``. `t_ns_arrival` is the likely (50 %) arrival, 0 when
    unknown. `t_ns_begun` is when this run of (zone, threat) left `none`. `late`: it is likely there
    before people can be in shelter, so they must drop where they are. `resumed`: this run had been
    all clear, and the same threat came back.
    """

    zone: str
    threat: str
    serial: int
    t_ns: int
    stage: str
    level: str
    blind: bool
    reasons: tuple[Reason, ...]
    t_ns_arrival: int
    t_ns_expires: int
    realm: str
    t_ns_begun: int = 0
    late: bool = False
    resumed: bool = False


class Blindness(Word, frozen=True, kw_only=True, tag=True):
    """Which zones no sensor watches now for `threat`. Replaces the previous one of that threat."""

    t_ns: int
    threat: str
    zones: tuple[str, ...]


class Message(Word, frozen=True, kw_only=True, tag=True):
    """Unsigned bytes for one channel; `edge.sign` signs them as `seal` says.

    `channel`: cap, state, event, feed. `subject`: the alert id, or "state". `seal`: xmldsig, jws
    or none. `t_ns_deadline`: after this it is worthless.
    """

    t_ns: int
    channel: str
    subject: str
    realm: str
    media_type: str
    seal: str
    t_ns_deadline: int
    payload: bytes


class Counts(Word, frozen=True, kw_only=True, tag=True):
    """What one batch did, for the console and the metrics; all are numbers of this batch.

    `held` are frames put by until the kernels are ready: they are among `frames` when they are
    read. `tracks_*` and `seeds` (reports that may begin a track) are those of the picture now. Of
    the reports, `late` were too old to be used, `refused` were no numbers or from the future, and
    `repeated` were there already; `replayed` are events folded again because a report came out of
    order. When the table was full, `evicted` tracks gave way, and `turned_away` reports of other
    systems, births that were heard and launches began none. Of what was heard, `unkept`
    reports that no track explained found no room, `untried` ones began no birth because too many
    did, and in `crowded` passers-by said what enough others at the place had. `forgotten` are
    addresses of cooperative aircraft that gave way to others, `unaligned` looks of sensors beyond
    as many as are aligned with one another.
    """

    t_ns: int
    frames: int = 0
    held: int = 0
    records: int = 0
    duplicates: int = 0
    unplaced: int = 0
    fixes: int = 0
    pulses: int = 0
    tracks_tentative: int = 0
    tracks_confirmed: int = 0
    late: int = 0
    replayed: int = 0
    evicted: int = 0
    turned_away: int = 0
    seeds: int = 0
    refused: int = 0
    repeated: int = 0
    unkept: int = 0
    untried: int = 0
    crowded: int = 0
    forgotten: int = 0
    unaligned: int = 0


class Load(Word, frozen=True, kw_only=True):
    """What one sensor tells, a scan; `unexplained`: reports of no confirmed track."""

    reports_per_scan: float
    unexplained_per_scan: float
    jammed: bool


Output = Alert | Blindness | Counts | Message | Rejected
