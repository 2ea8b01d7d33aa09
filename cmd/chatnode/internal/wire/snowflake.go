package wire

import "time"

// SnowflakeEpochMS is the Unix time in milliseconds from which ids count: the
// beginning of 2015, as Discord has it.
const SnowflakeEpochMS = 1_420_070_400_000

// SnowflakeTime is when an id was minted, in UTC.
func SnowflakeTime(id uint64) time.Time {
	return time.UnixMilli(int64(id>>22) + SnowflakeEpochMS).UTC()
}
