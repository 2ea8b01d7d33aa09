package page

import "time"

// Limits of what is kept and served.
const (
	// FramePeriod is the time between two frames: five a second.
	FramePeriod = 200 * time.Millisecond
	// idlePeriod is how long nothing is published while nothing changes.
	idlePeriod = time.Second

	// ringMessages is how much is kept for readers that come back: five minutes.
	ringMessages = 1500
	// readerBuffer is how far a reader may fall behind before it is dropped.
	readerBuffer = 64
	// MaxReaders is how many streams are open at once; more are refused.
	MaxReaders = 32
	// writeLimit bounds one write to a reader.
	writeLimit = 5 * time.Second
	// beatPeriod is how often a quiet stream is told that it lives.
	beatPeriod = 15 * time.Second

	// maxPoints bounds one act's series; beyond that every other point goes.
	maxPoints = 2000
	// maxFlags bounds the flags of one act; the first ones are kept.
	maxFlags = 500
	// maxNodes bounds the nodes that a fold knows.
	maxNodes = 1000
	// maxKeys bounds the keys whose history is kept, maxWrites the writes of each,
	// the newest ones.
	maxKeys   = 4096
	maxWrites = 32
	// maxBad bounds the bad keys that a frame lists; they are counted beyond it.
	maxBad = 50
	// maxShown bounds a registry value as it is shown, in bytes; maxPreview the
	// same in a frame.
	maxShown   = 512
	maxPreview = 80

	// maxCommandBytes bounds the body of a command, commandLimit its execution.
	maxCommandBytes = 4 << 10
	commandLimit    = 30 * time.Second
	// maxLine bounds a line of a recording.
	maxLine = 1 << 20
)
