"""The five steps of the layout on a scene, subprocesses first, from the inside out."""

from __future__ import annotations

from engine.layout.columns import assign_columns
from engine.layout.labels import assign_labels
from engine.layout.places import assign_places
from engine.layout.routes import assign_routes
from engine.layout.rows import assign_rows
from engine.layout.scene import INNER_HEIGHT, INNER_WIDTH, Scene


def arrange(scene: Scene) -> None:
    """Fill in all places, routes and labels of a scene and of the scenes inside."""
    for shape in scene.shapes.values():
        if shape.inner is not None:
            arrange(shape.inner)
            shape.width = shape.inner.width + INNER_WIDTH
            shape.height = shape.inner.height + INNER_HEIGHT
    assign_columns(scene)
    assign_rows(scene)
    assign_places(scene)
    assign_routes(scene)
    assign_labels(scene)
    if not scene.has_lanes:
        _fit(scene)


def _fit(scene: Scene) -> None:
    """Without lanes the scene is as large as what it holds; `left` and `top` move its contents to the corner."""
    boxes = [each.box for each in scene.shapes.values()]
    boxes += [(x, y, x, y) for line in scene.lines for x, y in line.points]
    boxes += [(x, y, x + width, y + height) for x, y, width, height in scene.labels.values()]
    scene.left = -min(0, *(round(each[0]) for each in boxes))
    scene.top = -min(0, *(round(each[1]) for each in boxes))
    scene.width = max(scene.width, *(round(each[2]) for each in boxes)) + scene.left
    scene.height = max(scene.height, *(round(each[3]) for each in boxes)) + scene.top
