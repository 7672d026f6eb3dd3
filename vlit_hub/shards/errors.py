"""What can be wrong with shards. Messages name the dataset, shard, offset and key; no other state is carried, so that
the errors cross process boundaries (DataLoader workers) as they are."""


class ShardError(RuntimeError):
    """A folder, shard, index or sample that cannot be read as what it claims to be."""


class MediumError(ValueError):
    """A medium of a sample that the writer cannot read; names the sample and the medium."""


class RemoteError(ShardError):
    """What a server does not give, or not in time; names the folder (without user, password and query) and the file."""


class TooManyFailures(ShardError):
    """Under ``on_error="skip"``: so many samples of a dataset in a row that something else is wrong."""
