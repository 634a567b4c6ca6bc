"""Staff, their posts in the unit tree, sign-in with lock-out, and who stands in for whom.

A post is a role at a unit for a time. `Person` is what the rest of the program passes around: who is signed in, with
the posts held at this moment, those of workers whom the person stands in for included.
"""

from care.people.kinds import KINDS, TEAMS, kind_counts, of_words, workers
from care.people.posts import (
    Held,
    Person,
    away,
    by_user_name,
    end_post,
    find_staff,
    give_post,
    holders,
    is_absent,
    name_of,
    names,
    person,
    posts_of,
    stand_in,
)
from care.people.signing_in import SignIn, add, hashed, set_password, sign_in
from care.people.tables import Post, Staff, StaffAbsence, absent, absent_now, held_today

__all__ = [
    "KINDS",
    "TEAMS",
    "Held",
    "Person",
    "Post",
    "SignIn",
    "Staff",
    "StaffAbsence",
    "absent",
    "absent_now",
    "add",
    "away",
    "by_user_name",
    "end_post",
    "find_staff",
    "give_post",
    "hashed",
    "held_today",
    "holders",
    "is_absent",
    "kind_counts",
    "name_of",
    "names",
    "of_words",
    "person",
    "posts_of",
    "set_password",
    "sign_in",
    "stand_in",
    "workers",
]
