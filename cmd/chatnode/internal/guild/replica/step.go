package replica

import (
	"google.golang.org/protobuf/proto"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// Step is something to do.
//
//sumtype:decl
type Step interface{ step() }

// The steps of an owner.
type (
	// Claim claims the guild and reads it; Claimed or ClaimFailed answers.
	Claim struct{}
	// Read reads at most ReadLimit changes after a revision; ChangesRead or ReadFailed answers.
	Read struct{ After uint64 }
)

// The steps of both.
type (
	// Send sends a message to a node: to the owner there, or to the follower. It may be lost.
	Send struct {
		Node    string
		Message proto.Message
	}
	// Stop is the last step: the machine has ended, and ignores what comes.
	Stop struct{}
)

// The steps of a follower.
type (
	// Tell tells the sessions of the guild something that happened.
	Tell struct{ Event *wire.Event }
	// Show tells every session of the guild that does not have it that it is there, as [Follower.State] says.
	Show struct{}
	// Greet tells one session that the guild is there.
	Greet struct{ Session string }
	// Welcome tells the sessions of a user, who may be new in the guild, that it is there.
	Welcome struct{ User uint64 }
	// Hide tells the sessions that the guild is unavailable.
	Hide struct{}
	// Remove tells the sessions that there is no such guild.
	Remove struct{}
)

func (Claim) step()   {}
func (Read) step()    {}
func (Send) step()    {}
func (Stop) step()    {}
func (Tell) step()    {}
func (Show) step()    {}
func (Greet) step()   {}
func (Welcome) step() {}
func (Hide) step()    {}
func (Remove) step()  {}
