"""The image service, put together."""

from __future__ import annotations

from gurum.model.image import Image
from gurum.pia.image import documents, images, metadefs, refused
from gurum.pia.image.wire import ImageWire
from gurum.pia.kernel.mirror import Board, Mirror
from gurum.pia.kernel.service import Service

ROUTES = (*images.ROUTES, *refused.ROUTES, *documents.ROUTES, *metadefs.ROUTES)


def prepare(board: Board) -> None:
    """Add the mirror of images."""
    board.add(Mirror(Image))


SERVICE = Service(name="image", prefix="/image", wire=ImageWire(), routes=ROUTES, prepare=prepare)
