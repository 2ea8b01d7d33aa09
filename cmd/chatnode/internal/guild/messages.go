package guild

import (
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild/replica"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// What a guild's actors are told beside the messages of package wire.
type (
	// tick is a timer's, and has done its work when the actor's has been set anew.
	tick struct{ turn uint64 }
	// lost says that a node cannot be reached.
	lost struct{ node string }
	// release ends an ownership.
	release struct{}
	// claimed, read and checked are the store's answers.
	claimed struct {
		guild *wire.ClaimedGuild
		err   error
	}
	read struct {
		changes *wire.GuildEvents
		err     error
	}
	checked struct{ head *wire.GuildHead }
	// moved says that the ring has changed.
	moved struct{}
	// opened, joined and closed are a follower's sessions.
	opened struct{ session string }
	joined struct{ user uint64 }
	closed struct{}
	// present is how a user of this node wants to be seen.
	present struct{ presence *wire.Presence }
	// describe asks for the guild as it is.
	describe struct{ answer chan<- description }
)

// description is a guild as a follower has it.
type description struct {
	state  replica.State
	online map[uint64]*wire.Presence
	known  bool
}
