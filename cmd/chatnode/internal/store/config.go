package store

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc/credentials"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

const (
	// MaxUsers is the most users that one folder holds: a guild with all of them
	// still fits into one reply.
	MaxUsers = 200_000
	// MaxRepairShare leaves a tenth to those who call.
	MaxRepairShare = 0.9
	// MaxInFlight is the largest limit of calls at once.
	MaxInFlight = 10_000
)

// Config says what the store serves and where it keeps it.
type Config struct {
	// Listener is where API nodes connect; the store closes it. Required.
	Listener net.Listener
	// DataDir is the folder of the database; it is made when missing. Required.
	DataDir string
	// Users and Guilds are how many there shall be at least, 0 for those that
	// are there already. Every guild is owned by the user of its number, hence
	// no more guilds than users.
	Users, Guilds int
	// Seed decides the content of a new folder; an old folder has its own, and
	// refuses another.
	Seed uint64
	// InFlight is how many calls are worked on at once. 0 means 256.
	InFlight int
	// Queue is how many calls may wait for a worker; one more is refused. 0 means none.
	Queue int
	// Service, Spread and Late are as in [desk.Config]: for how long a call holds its
	// worker at least, and what becomes of calls that cannot be answered in time.
	Service time.Duration
	Spread  desk.Spread
	Late    desk.Late
	// RepairShare is the part of the workers that the repairs take while they run, up
	// to [MaxRepairShare]. 0 means that there are none.
	RepairShare float64
	// RepairEvery is from the end of one pass of the repairs to the next. 0 means
	// that they never rest.
	RepairEvery time.Duration
	// MaxBytes is how much of the database may be in use before writes are
	// refused; deleted messages make room again. 0 means 4 GiB.
	MaxBytes int64
	// Credentials turns TLS on; nil means plain text, for loopback.
	Credentials credentials.TransportCredentials
	// Log gets a line when the store serves and when it stops. The zero logger
	// is silent.
	Log zerolog.Logger
}

// Validate says what is wrong with the configuration, and changes nothing.
func (c Config) Validate() error {
	switch {
	case c.Listener == nil:
		return errors.New("store: no listener")
	case c.DataDir == "":
		return errors.New("store: no data folder: choose one with --data-dir")
	case c.Users < 0 || c.Users > MaxUsers:
		return fmt.Errorf("store: %d users: want 0 to %d", c.Users, MaxUsers)
	case c.Guilds < 0 || c.Guilds > MaxUsers:
		return fmt.Errorf("store: %d guilds: want 0 to %d", c.Guilds, MaxUsers)
	case c.InFlight < 0 || c.InFlight > MaxInFlight:
		return fmt.Errorf("store: %d calls in flight: want 1 to %d, or 0 for the default", c.InFlight, MaxInFlight)
	case !(c.RepairShare >= 0 && c.RepairShare <= MaxRepairShare):
		return fmt.Errorf("store: repairs with %v of the workers: want 0 to %v", c.RepairShare, MaxRepairShare)
	case c.RepairEvery < 0:
		return fmt.Errorf("store: repairs every %v: want 0 or more", c.RepairEvery)
	case c.MaxBytes < 0:
		return fmt.Errorf("store: at most %d bytes: want more than 0, or 0 for the default", c.MaxBytes)
	}
	if err := c.lane().Validate(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// lane is what the store's workers are made from.
func (c Config) lane() desk.Config {
	return desk.Config{Workers: c.InFlight, Queue: c.Queue, Service: c.Service, Spread: c.Spread, Late: c.Late}
}

func (c Config) withDefaults() Config {
	if c.MaxBytes == 0 {
		c.MaxBytes = 4 << 30
	}
	if c.InFlight == 0 {
		c.InFlight = 256
	}
	return c
}
