"""The ledger's hash tree, against an independent implementation and against everyone who would bend a proof."""

import hashlib
import random
from datetime import UTC
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from referral.ledger import Entry, spelled
from referral.merkle import (
    EMPTY_ROOT,
    ProofBroken,
    append,
    canonical,
    check_consistency,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root,
    root_from_inclusion,
    root_of,
)

SIZES = range(131)


class Tree:
    """A tree grown leaf by leaf, whose nodes live in a dict and may be written only once."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.leaves = leaves
        for size, leaf in enumerate(leaves):
            for level, index, node in append(leaf, size, self.read):
                assert (level, index) not in self.nodes
                self.nodes[level, index] = node

    def read(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    def root(self, size: int) -> bytes:
        return root(size, self.read)


def salt_of(number: int) -> bytes:
    return hashlib.sha256(b"salt %d" % number).digest()[:16]


def entry_of(number: int) -> bytes:
    return canonical({"seq": number, "kind": "reward.held", "amount": 3000})


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree([leaf_hash(salt_of(number), entry_of(number)) for number in SIZES])


@pytest.fixture(scope="module")
def oracle() -> InmemoryTree:
    oracle = InmemoryTree(algorithm="sha256")
    for number in SIZES:
        oracle.append_entry(salt_of(number) + entry_of(number))
    return oracle


def leads_to(tree_root: bytes, leaf: bytes, index: int, size: int, path: list[bytes]) -> bool:
    try:
        return root_from_inclusion(leaf, index, size, path) == tree_root
    except ProofBroken:
        return False


def bent(path: list[bytes]) -> list[list[bytes]]:
    """Every way to spoil a path: one element changed, dropped, doubled, or two neighbours exchanged."""
    flipped = [[*path[:at], bytes([node[0] ^ 1]) + node[1:], *path[at + 1 :]] for at, node in enumerate(path)]
    dropped = [path[:at] + path[at + 1 :] for at in range(len(path))]
    doubled = [path[:at] + path[at:][:1] + path[at:] for at in range(len(path))]
    exchanged = [[*path[:at], path[at + 1], path[at], *path[at + 2 :]] for at in range(len(path) - 1)]
    return [*flipped, *dropped, *doubled, *exchanged, [*path, EMPTY_ROOT], [EMPTY_ROOT, *path]]


def subproof(old: int, tree: Tree, start: int, size: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2 over the leaves from `start` on, word for word."""
    if old == size:
        return [] if whole else [root_of(tree.leaves[start : start + size])]
    half = max(2**power for power in range(8) if 2**power < size)
    if old <= half:
        rest = root_of(tree.leaves[start + half : start + size])
        return [*subproof(old, tree, start, half, whole=whole), rest]
    first = root_of(tree.leaves[start : start + half])
    return [*subproof(old - half, tree, start + half, size - half, whole=False), first]


# --- what is hashed --------------------------------------------------------------------------------------------------


def test_an_entry_has_one_spelling_whatever_the_order_of_its_keys() -> None:
    spelled = '{"amount":3000,"note":"谢谢","parts":[1,null,true],"to":{"a":1,"b":"é"}}'.encode()

    assert canonical({"to": {"b": "é", "a": 1}, "parts": [1, None, True], "note": "谢谢", "amount": 3000}) == spelled


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_an_entry_that_others_could_not_spell_alike_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        canonical({"amount": value})


@given(
    st.builds(
        Entry,
        at=st.datetimes(timezones=st.just(UTC)),
        amount=st.integers(),
        **dict.fromkeys(("id", "kind", "debit", "credit", "unit", "ref"), st.text()),
    )
)
def test_an_entry_written_out_at_once_has_the_same_spelling(entry: Entry) -> None:
    assert spelled(entry, entry.at) == canonical(entry.as_leaf())


def test_leaves_and_nodes_are_hashed_apart() -> None:
    left, right = bytes(32), bytes([1]) * 32

    assert leaf_hash(b"salt", b"{}") == hashlib.sha256(b"\x00salt{}").digest()
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert leaf_hash(left, right) != node_hash(left, right)


def test_the_roots_are_those_that_certificate_transparency_publishes() -> None:
    """The eight leaves and roots of the reference trees that the RFC 6962 implementations test with."""
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    leaves = [leaf_hash(b"", bytes.fromhex(entry)) for entry in entries]

    assert [Tree(leaves).root(size).hex() for size in range(9)] == roots


# --- growing ---------------------------------------------------------------------------------------------------------


def test_every_root_agrees_with_an_independent_tree(tree: Tree, oracle: InmemoryTree) -> None:
    assert tree.root(0) == EMPTY_ROOT
    for size in SIZES[1:]:
        assert tree.root(size) == oracle.get_root(size)


def test_random_trees_to_ten_thousand_leaves_agree_with_an_independent_tree() -> None:
    # given two trees that grow side by side, by leaves of any length
    rng = random.Random(seed := random.randrange(10**9))
    entries = [rng.randbytes(rng.randrange(200)) for _ in range(10_000)]
    theirs, ours = InmemoryTree(algorithm="sha256"), Tree([leaf_hash(b"", entry) for entry in entries])
    for entry in entries:
        theirs.append_entry(entry)

    # then roots and paths are the same, at sizes where the shape is odd and at any others
    sizes = {1, 2, 4095, 4096, 4097, 8191, 8193, 9999, 10_000, *(rng.randrange(1, 10_000) for _ in range(30))}
    for size in sizes:
        assert ours.root(size) == theirs.get_root(size), seed
        index = rng.randrange(size)
        path = [bytes.fromhex(node) for node in theirs.prove_inclusion(index + 1, size).serialize()["path"]]
        path.remove(ours.leaves[index])
        assert inclusion_path(index, size, ours.read) == path, seed


def test_a_root_over_leaves_that_stream_by_is_the_same_root(tree: Tree) -> None:
    for size in SIZES:
        assert root_of(iter(tree.leaves[:size])) == tree.root(size)


def test_only_complete_subtrees_are_kept_each_written_once(tree: Tree) -> None:
    size = len(tree.leaves)

    complete = {(level, index) for level in range(size.bit_length()) for index in range(size >> level)}

    assert set(tree.nodes) == complete


def test_a_changed_leaf_changes_the_root(tree: Tree) -> None:
    for number in range(37):
        leaves = tree.leaves[:37]
        leaves[number] = leaf_hash(salt_of(number), b"{}")

        assert root_of(leaves) != tree.root(37)


def test_leaves_in_another_order_have_another_root(tree: Tree) -> None:
    leaves = tree.leaves[:20]
    for first, second in pairwise(range(20)):
        exchanged = [*leaves]
        exchanged[first], exchanged[second] = leaves[second], leaves[first]

        assert root_of(exchanged) != tree.root(20)


# --- inclusion -------------------------------------------------------------------------------------------------------


def test_every_leaf_of_every_tree_is_proved(tree: Tree) -> None:
    for size in SIZES:
        for index in range(size):
            path = inclusion_path(index, size, tree.read)

            assert root_from_inclusion(tree.leaves[index], index, size, path) == tree.root(size)
            assert len(path) <= (size - 1).bit_length()


def test_every_inclusion_path_agrees_with_an_independent_tree(tree: Tree, oracle: InmemoryTree) -> None:
    for size in SIZES:
        for index in range(size):
            theirs = [bytes.fromhex(node) for node in oracle.prove_inclusion(index + 1, size).serialize()["path"]]
            theirs.remove(tree.leaves[index])

            assert inclusion_path(index, size, tree.read) == theirs


def test_a_bent_inclusion_path_leads_nowhere(tree: Tree) -> None:
    for size in [*range(1, 34), 63, 64, 65, 130]:
        for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
            path = inclusion_path(index, size, tree.read)

            for wrong in bent(path):
                assert not leads_to(tree.root(size), tree.leaves[index], index, size, wrong)


def test_a_proof_holds_for_no_other_leaf_and_no_other_index(tree: Tree) -> None:
    for size in range(1, 40):
        for index in range(size):
            path = inclusion_path(index, size, tree.read)
            for other in set(range(-1, size + 2)) - {index}:
                assert not leads_to(tree.root(size), tree.leaves[index], other, size, path)
                assert not leads_to(tree.root(size), tree.leaves[other], index, size, path)


def test_a_proof_for_another_size_leads_to_no_root_of_that_size(tree: Tree) -> None:
    for size in range(1, 40):
        for index in range(size):
            path = inclusion_path(index, size, tree.read)
            for other in set(range(-1, 80)) - {size}:
                assert not leads_to(tree.root(max(other, 0)), tree.leaves[index], index, other, path)


def test_a_path_of_the_wrong_length_is_a_broken_proof(tree: Tree) -> None:
    leaf, path = tree.leaves[3], inclusion_path(3, 7, tree.read)

    for wrong in ([], path[:-1], [*path, path[0]]):
        with pytest.raises(ProofBroken):
            root_from_inclusion(leaf, 3, 7, wrong)


@pytest.mark.parametrize(("index", "size"), [(-1, 7), (7, 7), (0, 0), (0, -1), (8, 7)])
def test_an_index_outside_the_tree_is_a_broken_proof_and_has_no_path(tree: Tree, index: int, size: int) -> None:
    with pytest.raises(ProofBroken):
        root_from_inclusion(tree.leaves[0], index, size, [])
    with pytest.raises(ValueError, match="not among"):
        inclusion_path(index, size, tree.read)


def test_bytes_moved_from_one_hash_to_the_next_are_a_broken_proof(tree: Tree) -> None:
    leaf, path = tree.leaves[0], inclusion_path(0, 2, tree.read)
    joined = leaf + path[0]

    with pytest.raises(ProofBroken):
        root_from_inclusion(joined[:31], 0, 2, [joined[31:]])


# --- consistency -----------------------------------------------------------------------------------------------------


def test_every_tree_is_proved_to_continue_every_earlier_one(tree: Tree) -> None:
    for new in SIZES:
        for old in range(new + 1):
            path = consistency_path(old, new, tree.read)

            assert check_consistency(old, new, tree.root(old), tree.root(new), path)


def test_every_consistency_path_is_the_one_rfc_6962_defines(tree: Tree) -> None:
    """Against the RFC's own recursion; the independent library proves consistency by longer paths of its own."""
    for new in SIZES:
        for old in range(1, new):
            assert consistency_path(old, new, tree.read) == subproof(old, tree, 0, new, whole=True)


def test_a_head_of_an_independent_tree_is_continued(tree: Tree, oracle: InmemoryTree) -> None:
    for new in range(1, 131):
        for old in range(1, new + 1):
            path = consistency_path(old, new, tree.read)

            assert check_consistency(old, new, oracle.get_root(old), oracle.get_root(new), path)


def test_the_proofs_of_the_seven_leaf_tree_are_those_printed_in_rfc_6962(tree: Tree) -> None:
    """§2.1.3; the names are the RFC's: leaves a to f and j, nodes g, h, i over pairs, k over a-d, l over e, f, j."""
    a, b, c, d, e, f, j = tree.leaves[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, last = node_hash(g, h), node_hash(i, j)

    assert inclusion_path(0, 7, tree.read) == [b, h, last]
    assert inclusion_path(3, 7, tree.read) == [c, g, last]
    assert inclusion_path(4, 7, tree.read) == [f, j, k]
    assert inclusion_path(6, 7, tree.read) == [i, k]
    assert consistency_path(3, 7, tree.read) == [c, d, g, last]
    assert consistency_path(4, 7, tree.read) == [last]
    assert consistency_path(6, 7, tree.read) == [i, j, k]


def test_a_bent_consistency_path_is_refused(tree: Tree) -> None:
    for new in [*range(1, 24), 63, 64, 65, 130]:
        for old in range(1, new):
            path = consistency_path(old, new, tree.read)

            for wrong in bent(path):
                assert not check_consistency(old, new, tree.root(old), tree.root(new), wrong)


def test_a_consistency_proof_holds_for_no_other_roots_and_no_other_sizes(tree: Tree) -> None:
    for new in range(1, 24):
        for old in range(1, new):
            path, before, after = consistency_path(old, new, tree.read), tree.root(old), tree.root(new)

            assert not check_consistency(old, new, tree.root(old + 1), after, path)
            assert not check_consistency(old, new, before, tree.root(new + 1), path)
            for other in set(range(-1, 30)) - {old}:
                assert not check_consistency(other, new, tree.root(max(other, 0)), after, path)
            for other in set(range(-1, 30)) - {new}:
                assert not check_consistency(old, other, before, tree.root(max(other, 0)), path)


def test_a_rewritten_past_cannot_be_continued(tree: Tree) -> None:
    """Bo edits one old entry and builds an honest tree over it: its proofs do not reach the head he signed before."""
    for old in range(1, 20):
        for number in range(old):
            leaves = tree.leaves[:25]
            leaves[number] = leaf_hash(salt_of(number), b'{"amount":999999}')
            forged = Tree(leaves)

            path = consistency_path(old, 25, forged.read)

            assert not check_consistency(old, 25, tree.root(old), forged.root(25), path)


def test_every_tree_continues_the_empty_one_and_itself_without_a_path(tree: Tree) -> None:
    assert check_consistency(0, 7, EMPTY_ROOT, tree.root(7), [])
    assert check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert check_consistency(7, 7, tree.root(7), tree.root(7), [])
    assert not check_consistency(0, 7, tree.root(1), tree.root(7), [])
    assert not check_consistency(0, 0, EMPTY_ROOT, tree.root(1), [])
    assert not check_consistency(0, 7, EMPTY_ROOT, tree.root(7), [EMPTY_ROOT])
    assert not check_consistency(7, 7, tree.root(7), tree.root(7), [EMPTY_ROOT])


def test_a_tree_does_not_continue_a_larger_one(tree: Tree) -> None:
    assert not check_consistency(8, 7, tree.root(8), tree.root(7), [])
    with pytest.raises(ValueError, match="does not continue"):
        consistency_path(8, 7, tree.read)
    with pytest.raises(ValueError, match="does not continue"):
        consistency_path(-1, 7, tree.read)


def test_a_consistency_path_too_short_or_too_long_for_the_size_is_refused_even_with_the_right_roots(tree: Tree) -> None:
    before, after = tree.root(3), tree.root(7)
    path = consistency_path(3, 7, tree.read)

    assert check_consistency(3, 7, before, after, path)
    assert not check_consistency(3, 9, before, after, path)
    assert not check_consistency(3, 4, before, after, path)


def test_bytes_moved_between_hashes_break_a_consistency_proof(tree: Tree) -> None:
    joined = tree.leaves[0] + tree.leaves[1]

    assert check_consistency(1, 2, joined[:32], tree.root(2), [joined[32:]])
    assert not check_consistency(1, 2, joined[:31], tree.root(2), [joined[31:]])


# --- trees of any size -----------------------------------------------------------------------------------------------


@given(size=st.integers(min_value=1, max_value=2**48), data=st.data())
def test_proofs_hold_in_trees_far_too_large_to_build(size: int, data: st.DataObject) -> None:
    """All leaves are alike here, so that one hash per level stands for the whole tree."""
    levels = [bytes(32)]
    for _ in range(48):
        levels.append(node_hash(levels[-1], levels[-1]))
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    old = data.draw(st.integers(min_value=1, max_value=size))

    def read(level: int, index: int) -> bytes:
        return levels[level]

    path = inclusion_path(index, size, read)
    assert root_from_inclusion(levels[0], index, size, path) == root(size, read)
    assert len(path) <= 48
    steps = consistency_path(old, size, read)
    assert check_consistency(old, size, root(old, read), root(size, read), steps)
