package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

const (
	// maxExtraGuilds is how many guilds a user is in besides the home guild.
	maxExtraGuilds = 3
	// joinStartMS and joinSpanMS: everybody joined within 2017 to 2019.
	joinStartMS = 1_483_228_800_000
	joinSpanMS  = 3 * 365 * 24 * 3_600_000
)

// stream is a generator for one record, so that no record depends on which
// others were made before it.
func stream(seed uint64, k kind, number, other int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(k)<<56|uint64(number)<<28|uint64(other)))
}

// seededUser is the user of a number in a world of so many guilds, and the
// numbers of the guilds that the user is in.
func seededUser(seed uint64, number, guilds int) (*wire.User, []int) {
	r := stream(seed, kindUser, number, 0)
	first := word(r, "amber basil clear dusty early fuzzy green happy ivory jolly")
	second := word(r, "otter heron lynx moth newt owl finch badger crane vole")
	user := &wire.User{
		Id:            seededID(kindUser, number, 0),
		Username:      fmt.Sprintf("%s_%s_%d", first, second, number),
		Discriminator: "0",
	}
	if r.IntN(4) > 0 {
		user.GlobalName = first + " " + second
	}
	joined := seededGuilds(r, number, guilds)
	for _, g := range joined {
		user.GuildIds = append(user.GuildIds, seededID(kindGuild, g, 0))
	}
	return user, joined
}

// seededGuilds chooses the guilds of a user: a home guild, all of which are of
// equal size (the owner's home is the guild of his number), and a few others, of
// which the first ones are the popular ones.
func seededGuilds(r *rand.Rand, number, guilds int) []int {
	if guilds == 0 {
		return nil
	}
	chosen := []int{number % guilds}
	for range r.IntN(maxExtraGuilds + 1) {
		if g := r.IntN(r.IntN(guilds) + 1); !slices.Contains(chosen, g) {
			chosen = append(chosen, g)
		}
	}
	return chosen
}

// seededGuild is the guild of a number, without members.
func seededGuild(seed uint64, number int) *wire.Guild {
	r := stream(seed, kindGuild, number, 0)
	first := word(r, "copper silent velvet northern tiny lucky")
	second := word(r, "harbor orchard workshop observatory tavern library")
	guild := &wire.Guild{
		Id:      seededID(kindGuild, number, 0),
		Name:    fmt.Sprintf("The %s %s %d", first, second, number),
		OwnerId: seededID(kindUser, number, 0),
	}
	names := []string{"general", "introductions", "help", "music", "games", "pictures", "off-topic"}
	for i, name := range names[:3+r.IntN(len(names)-2)] {
		guild.Channels = append(guild.Channels, &wire.Channel{
			Id: seededID(kindChannel, number, i), Name: name, Position: int32(i),
		})
	}
	return guild
}

// seededMember is one user's part in one guild.
func seededMember(seed uint64, user, guild int) *wire.Member {
	r := stream(seed, kindMember, user, guild)
	member := &wire.Member{
		UserId:     seededID(kindUser, user, 0),
		JoinedAtMs: joinStartMS + r.Int64N(joinSpanMS),
	}
	if r.IntN(8) == 0 {
		member.Nick = word(r, "ace boss captain doc echo fox ghost hawk")
	}
	return member
}

// word draws one of the words of a list.
func word(r *rand.Rand, list string) string {
	words := strings.Fields(list)
	return words[r.IntN(len(words))]
}
