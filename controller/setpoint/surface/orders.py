"""What the daemon answers about orders: it takes them for what a person chose, and tells how they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint.model.order import Order
from setpoint.model.resource import Resource
from setpoint.model.spec import Spec
from setpoint.run.orders import ordered
from setpoint.run.supervisor import Supervisor
from setpoint.store.records import Event, EventKind
from setpoint.surface import views
from setpoint.surface.bodies import OrderBody, OrderQuery
from setpoint.surface.rows import one_row
from setpoint.surface.select import UnknownError, choose
from setpoint.surface.views import View


@dataclass(frozen=True)
class OrderAnswers:
    """Speaks for one supervisor."""

    supervisor: Supervisor

    async def place(self, body: OrderBody, by: str) -> View:
        """Take an order; its id is what `tell` takes.

        Raises:
            UnknownError: it means nothing that is declared, or what a kind does not let be otherwise for one time.
        """
        estate = self.supervisor.estate
        keys, now = choose(estate.resources, body), estate.ports.now()
        chosen = [estate.resources[key] for key in keys]
        order = Order(
            estate.ports.new_id(), by, now, now + body.seconds, at_once=body.at_once, changes=body.changes
        )
        specs = self._specs(chosen, order)
        for key in () if order.plain else keys:
            event = Event(now, EventKind.ORDERED, str(order), key, estate.version, by)
            await estate.calls.call(estate.store.record, event)
        estate.orders.place(order, specs)
        requests = await self.supervisor.resync(keys, by)
        told = {str(key): number for key, number in requests.items()}
        return {"id": order.id, "order": str(order), "requests": told}

    async def tell(self, query: OrderQuery) -> View:
        """How each resource of an order is, and whether that is the end of it.

        Raises:
            UnknownError: there is no such order, or not any more.
        """
        orders = self.supervisor.estate.orders
        members = orders.members.get(query.id)
        if members is None:
            raise UnknownError(
                "the daemon knows nothing of that order",
                remedy="it was restarted since, and goes on as is declared; see setpoint status",
            )
        return {"id": query.id, "members": [self._member(query.id, key) for key in members]}

    def _specs(self, chosen: Sequence[Resource], order: Order) -> list[tuple[Resource, Spec]]:
        """What each is to be; all are judged before any is taken, for half an order is none."""
        kinds = self.supervisor.estate.kinds
        try:
            return [(one, ordered(kinds[one.key.kind], one, order.changes)) for one in chosen]
        except SetpointError as error:
            raise UnknownError(error.message, remedy=error.remedy) from None

    def _member(self, order: str, key: Key) -> View:
        """One resource: whether it came to the end of the order, and whether what is told of it is newer than that."""
        estate = self.supervisor.estate
        resource = estate.resources.get(key)
        if resource is None:
            return {"key": str(key), "ended": True, "looked": True, "resource": None}
        last = estate.orders.ended.get((order, key))
        if last is not None:
            return {
                "key": str(key),
                "ended": True,
                "looked": True,
                "resource": views.resource_view(resource, last),
            }
        placed, status = estate.orders.of(resource, estate.ports.now()), estate.store.status(key)
        ended = placed is None or placed.order.id != order
        looked = placed is None or (status is not None and status.reconciled_at >= placed.order.at)
        return {"key": str(key), "ended": ended, "looked": looked, "resource": one_row(estate, key)}
