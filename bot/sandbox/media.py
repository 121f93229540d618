"""Temporary and lasting files: three days, their kinds and sizes (platform.md 6, supplement S3 item 10)."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.answers import Answer, Blob, Call, Endpoint, Refusal, Upload, get, post
from bot.sandbox.stage import Stage
from bot.sandbox.state import Medium, write

LIFETIME = 3 * 86400  # seconds
SMALLEST = 6  # bytes
MEGA = 1024 * 1024
LARGEST = {"image": 10 * MEGA, "voice": 2 * MEGA, "video": 10 * MEGA, "file": 20 * MEGA}
LARGEST_LASTING = 2 * MEGA
KEPT = 64 * MEGA  # bytes held in memory when there is no folder
TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class Media:
    """Keeps what was uploaded, in `folder` or, without one, the newest in memory."""

    def __init__(self, stage: Stage, folder: Path | None) -> None:
        self._stage = stage
        self._folder = folder
        self._held: dict[str, bytes] = {}

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of files."""
        return {
            "media/upload": post(self._upload),
            "media/uploadimg": post(self._uploadimg),
            "media/get": get(self._get),
        }

    def keep(self, kind: str, content: bytes, content_type: str, *, lasting: bool = False) -> str:
        """Store a file and return its id."""
        media_id = self._stage.mint("media", 64)
        self._stage.world.media[media_id] = Medium(
            kind=kind, content_type=content_type, created=self._stage.now(), lasting=lasting
        )
        self._store(media_id, content)
        return media_id

    def require(self, media_id: object, kind: str) -> str:
        """Return `media_id` when it is a live file of `kind`; else refuse with 40007."""
        medium = self._stage.world.media.get(media_id) if isinstance(media_id, str) else None
        if medium is None or medium.lasting or self._expired(medium) or medium.kind != kind:
            raise Refusal(40007, "invalid media_id")
        return str(media_id)

    def is_lasting(self, url: str) -> bool:
        """Whether `url` came from uploadimg."""
        medium = self._stage.world.media.get(url.rpartition("/")[2])
        return medium is not None and medium.lasting

    def url(self, media_id: str) -> str:
        """Return the address where a person sees the file."""
        return f"{self._stage.base}/sandbox/wecom/media/{media_id}"

    def show(self, media_id: str) -> Blob | None:
        """Return the file as a person sees it: what was received stays, even past three days. None when unknown."""
        medium = self._stage.world.media.get(media_id)
        content = self._load(media_id) if medium else None
        if medium is None or content is None:
            return None
        return Blob(content=content, content_type=medium.content_type)

    def _upload(self, call: Call) -> Answer:
        kind = call.query.get("type", "")
        if kind not in LARGEST:
            raise Refusal(40004, "invalid media type")
        upload = _sized(call.upload, LARGEST[kind])
        media_id = self.keep(kind, upload.content, _content_type(kind, upload.content))
        return {"type": kind, "media_id": media_id, "created_at": str(self._stage.now())}

    def _uploadimg(self, call: Call) -> Answer:
        upload = _sized(call.upload, LARGEST_LASTING)
        media_id = self.keep("image", upload.content, _content_type("image", upload.content), lasting=True)
        return {"url": self.url(media_id)}

    def _get(self, call: Call) -> Blob:
        media_id = call.query.get("media_id", "")
        medium = self._stage.world.media.get(media_id)
        blob = self.show(media_id)
        if medium is None or blob is None or self._expired(medium):
            raise Refusal(40007, "invalid media_id")
        return blob

    def _expired(self, medium: Medium) -> bool:
        return not medium.lasting and medium.created + LIFETIME <= self._stage.now()

    def _store(self, media_id: str, content: bytes) -> None:
        if self._folder is not None:
            write(self._folder / media_id, content)
            return
        self._held[media_id] = content
        while len(self._held) > 1 and sum(map(len, self._held.values())) > KEPT:
            self._held.pop(next(iter(self._held)))

    def _load(self, media_id: str) -> bytes | None:
        if self._folder is None:
            return self._held.get(media_id)
        try:
            return (self._folder / media_id).read_bytes()
        except FileNotFoundError:
            return None


def _sized(upload: Upload | None, most: int) -> Upload:
    if upload is None:
        raise Refusal(41005, "media data missing")
    if len(upload.content) < SMALLEST:
        raise Refusal(40006, "invalid media size")
    if len(upload.content) > most:
        raise Refusal(40009, "invalid image size")
    return upload


def _content_type(kind: str, content: bytes) -> str:
    if kind != "image":
        return "application/octet-stream"
    for magic, content_type in TYPES.items():
        if content.startswith(magic):
            return content_type
    raise Refusal(40005, "invalid file type")
