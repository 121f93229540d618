"""Due work: leased, fenced, and never done twice."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from referral.jobs import Job
from storage.store import Store
from storage.tables import jobs
from tests.storage.cast import NOON, a_job, after

LEASE = timedelta(minutes=1)


def claim(tx, now=NOON, limit=10) -> list[Job]:
    return tx.jobs.claim(now, limit=limit, lease=LEASE)


async def test_due_jobs_are_taken_oldest_first_with_what_they_need_to_know(store: Store):
    def story(tx):
        tx.jobs.put(a_job("late", due_at=after(minutes=-1)))
        tx.jobs.put(a_job("later", due_at=after(minutes=1)))
        tx.jobs.put(a_job("old", due_at=after(days=-1), payload={"why": "退款期满"}))
        return tx.jobs.due(NOON), claim(tx)

    due, taken = await store.write(story)

    assert due == 2
    assert [(job.key, dict(job.payload), job.attempts) for job in taken] == [
        ("old", {"why": "退款期满"}, 1),
        ("late", {}, 1),
    ]


async def test_an_open_job_moves_earlier_but_never_later(store: Store):
    def story(tx):
        tx.jobs.put(a_job(due_at=after(days=2)))
        tx.jobs.put(a_job(due_at=after(days=1), payload={"v": "2"}))
        tx.jobs.put(a_job(due_at=after(days=3), payload={"v": "3"}))
        return claim(tx, after(days=1) - timedelta(seconds=1)), claim(tx, after(days=1))

    early, (job,) = await store.write(story)

    assert early == []
    assert job.payload == {"v": "3"}


async def test_a_finished_job_opens_again_at_the_time_it_is_put_for(store: Store):
    def story(tx):
        tx.jobs.put(a_job())
        (job,) = claim(tx)
        done = tx.jobs.done(job)
        tx.jobs.put(a_job(due_at=after(days=1)))
        return done, claim(tx, after(hours=23)), claim(tx, after(days=1))

    done, early, (again,) = await store.write(story)

    assert done
    assert early == []
    assert again.attempts == 1


async def test_a_job_is_taken_by_one_of_two_workers(store: Store):
    await store.write(lambda tx: tx.jobs.put(a_job()))

    taken = await asyncio.gather(*(store.write(claim) for _ in range(2)))

    assert sorted(len(jobs) for jobs in taken) == [0, 1]


async def test_many_workers_share_the_work_without_overlap(store: Store):
    def put(tx):
        for number in range(40):
            tx.jobs.put(a_job(f"{number:02}"))

    await store.write(put)

    taken = await asyncio.gather(*(store.write(lambda tx: claim(tx, limit=7)) for _ in range(12)))

    assert sorted(job.key for jobs in taken for job in jobs) == [f"{number:02}" for number in range(40)]


async def test_a_worker_whose_lease_ran_out_cannot_finish_what_another_has_taken_over(store: Store):
    def story(tx):
        tx.jobs.put(a_job())
        (ghost,) = claim(tx)
        held = claim(tx, after(seconds=59))
        (heir,) = claim(tx, after(seconds=60))
        fates = [tx.jobs.done(ghost), tx.jobs.retry(ghost, NOON, ""), tx.jobs.bury(ghost, ""), tx.jobs.done(heir)]
        return held, heir.attempts, fates

    assert await store.write(story) == ([], 2, [False, False, False, True])


async def test_a_worker_that_comes_back_before_anyone_took_over_may_still_finish(store: Store):
    def story(tx):
        tx.jobs.put(a_job())
        (job,) = claim(tx)
        return tx.jobs.done(job), tx.jobs.done(job), claim(tx, after(days=1))

    assert await store.write(story) == (True, False, [])


async def test_a_job_put_again_while_it_runs_runs_once_more(store: Store):
    def story(tx):
        tx.jobs.put(a_job())
        (running,) = claim(tx)
        tx.jobs.put(a_job(payload={"v": "2"}))
        return tx.jobs.done(running), claim(tx)

    finished, (again,) = await store.write(story)

    assert not finished
    assert again.payload == {"v": "2"}


async def test_a_job_that_failed_waits_for_its_next_attempt(store: Store):
    def story(tx):
        tx.jobs.put(a_job())
        (job,) = claim(tx)
        tx.jobs.retry(job, after(minutes=5), "desk is down")
        return claim(tx, after(minutes=4)), claim(tx, after(minutes=5))

    early, (again,) = await store.write(story)

    assert early == []
    assert again.attempts == 2


async def test_a_job_given_up_on_stays_on_record_and_the_queue_goes_on(store: Store):
    def story(tx):
        tx.jobs.put(a_job("poison", due_at=after(days=-1)))
        tx.jobs.put(a_job("next"))
        (poison,) = claim(tx, limit=1)
        buried = tx.jobs.bury(poison, "unreadable")
        return buried, [job.key for job in claim(tx, after(days=1))]

    buried, left = await store.write(story)

    assert buried
    assert left == ["next"]
    assert await store.read(state_of("poison")) == ("dead", "unreadable")


async def test_a_job_given_up_on_can_be_put_again(store: Store):
    def story(tx):
        tx.jobs.put(a_job())
        tx.jobs.bury(*claim(tx), "unreadable")
        tx.jobs.put(a_job())
        return claim(tx)

    (again,) = await store.write(story)

    assert again.attempts == 1


async def test_what_a_dead_predecessor_held_is_free_at_once_and_its_ghost_shut_out(store: Store):
    def story(tx):
        tx.jobs.put(a_job())
        (ghost,) = claim(tx)
        tx.jobs.free_all()
        (heir,) = claim(tx)
        return tx.jobs.done(ghost), tx.jobs.done(heir)

    assert await store.write(story) == (False, True)


async def test_a_cancelled_job_is_not_run_and_its_worker_learns_of_it(store: Store):
    def story(tx):
        tx.jobs.put(a_job())
        (running,) = claim(tx)
        tx.jobs.cancel("reward.grant", "r1")
        tx.jobs.cancel("reward.grant", "never put")
        return tx.jobs.done(running), claim(tx, after(days=1)), tx.jobs.due(after(days=1))

    assert await store.write(story) == (False, [], 0)


def state_of(key: str):
    return lambda tx: tuple(tx.connection.execute(select(jobs.c.state, jobs.c.note).where(jobs.c.key == key)).one())
