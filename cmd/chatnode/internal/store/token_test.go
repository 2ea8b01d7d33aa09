package store

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func ExampleToken() {
	again, otherUser, otherSeed := Token(1, 7), Token(1, 8), Token(2, 7)
	fmt.Println(again == Token(1, 7), again == otherUser, again == otherSeed)
	// Output: true false false
}

// Client libraries read the user's id out of the first part.
func TestTokenCarriesTheUserID(t *testing.T) {
	for _, number := range []int{0, 1, 1999, MaxUsers - 1} {
		token := Token(1, number)
		if err := wire.CheckToken(token); err != nil {
			t.Errorf("token %d: refused as %v", number, err)
		}
		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			t.Errorf("token %d: got %d parts, want 3", number, len(parts))
			continue
		}
		// The standard alphabet, which some libraries expect, reads it as well.
		text, err := base64.RawStdEncoding.DecodeString(parts[0])
		id, parseErr := strconv.ParseUint(string(text), 10, 64)
		if want := seededID(kindUser, number, 0); err != nil || parseErr != nil || id != want {
			t.Errorf("token %d: got id %q (%v, %v), want %d", number, text, err, parseErr, want)
		}
	}
}

func TestTokensDiffer(t *testing.T) {
	signatures := make(map[string]string)
	for seed := range uint64(20) {
		for number := range 200 {
			token := Token(seed, number)
			signature := token[strings.LastIndexByte(token, '.')+1:]
			name := fmt.Sprintf("seed %d user %d", seed, number)
			if other, taken := signatures[signature]; taken {
				t.Fatalf("signature of %s: the same as of %s", name, other)
			}
			signatures[signature] = name
		}
	}
}

func TestIDsAreSnowflakes(t *testing.T) {
	seen := make(map[uint64]string)
	for _, row := range []struct {
		name          string
		kind          kind
		number, count int
		want          string // when it was minted
	}{
		{"first user", kindUser, 0, 0, "2016-01-01T00:00:00Z"},
		{"second user", kindUser, 1, 0, "2016-01-01T00:01:00Z"},
		{"last user", kindUser, MaxUsers - 1, 0, "2016-05-18T21:19:00Z"},
		{"first guild", kindGuild, 0, 0, "2016-01-01T00:00:00Z"},
		{"its first channel", kindChannel, 0, 0, "2016-01-01T00:00:00Z"},
		{"its second channel", kindChannel, 0, 1, "2016-01-01T00:00:00Z"},
	} {
		id := seededID(row.kind, row.number, row.count)
		minted := time.UnixMilli(int64(id>>22 + wire.SnowflakeEpochMS)).UTC().Format(time.RFC3339)
		if minted != row.want {
			t.Errorf("%s: id %d was minted %s, want %s", row.name, id, minted, row.want)
		}
		if other, taken := seen[id]; taken {
			t.Errorf("%s: id %d is also that of %s", row.name, id, other)
		}
		seen[id] = row.name
	}
}
