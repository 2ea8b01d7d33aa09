package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// Snowflakes are Discord's ids: 42 bits of milliseconds since 2015, 10 bits that
// name who minted it, 12 bits that count within the millisecond.
const (
	seedStartMS = 1_451_606_400_000 // 2016-01-01, when the first seeded user was "created"
	seedStepMS  = 60_000            // from one seeded user or guild to the next
)

// kind is what a record is. It is part of its id, where Discord names the
// machine, so that no two kinds share an id, and part of its random stream.
type kind uint64

const (
	kindUser kind = iota + 1
	kindGuild
	kindChannel
	kindMember
	kindMessage
)

func snowflake(unixMS uint64, k kind, count int) uint64 {
	return (unixMS-wire.SnowflakeEpochMS)<<22 | uint64(k)<<12 | uint64(count)&0xfff
}

func seededID(k kind, number, count int) uint64 {
	return snowflake(seedStartMS+uint64(number)*seedStepMS, k, count)
}

// Token is the token with which the seeded user of a number (from 0) logs in.
// Only who knows the seed can compute it. Its form is Discord's: the user's id,
// the time of issue and a signature, which client libraries take apart.
func Token(seed uint64, number int) string {
	id := seededID(kindUser, number, 0)
	head := base64.RawURLEncoding.EncodeToString(strconv.AppendUint(nil, id, 10)) + "." +
		base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, uint32(seedStartMS/1000)))
	mac := hmac.New(sha256.New, binary.BigEndian.AppendUint64([]byte("firebreak token 1 "), seed))
	mac.Write([]byte(head))
	return head + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
