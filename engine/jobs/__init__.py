"""Workers: they claim what the database says is due, and do it. `transaction()` is how everybody above writes rows.

The queue is the table `work`; dramatiq (in this process, or Redis when VISITFLOW_REDIS_URL is set) only carries «look
at lane X». A lost message is found by the sweeps: due timers and the alarm lane each second, late tasks, other
lanes and lost leases every 5 s, instances with nothing to wait for every 30 s.
"""

from engine.jobs.actors import broker, is_running, start_workers, stop_workers
from engine.jobs.doing import does, does_outside, drain, transaction, work_lane
from engine.jobs.moved_clock import ClockNotMoved, follow_clock, load_clock, move_clock, somebody_works
from engine.jobs.parts import alive, beat
from engine.jobs.sweeps import stuck, sweep
from engine.jobs.upkeep import every

__all__ = [
    "ClockNotMoved",
    "alive",
    "beat",
    "broker",
    "does",
    "does_outside",
    "drain",
    "every",
    "follow_clock",
    "is_running",
    "load_clock",
    "move_clock",
    "somebody_works",
    "start_workers",
    "stop_workers",
    "stuck",
    "sweep",
    "transaction",
    "work_lane",
]
