package registry

import "errors"

// What a [Source] or [Writer] may answer, and what its caller branches on.
var (
	// ErrHistoryLost means that the changes after the given index are gone: list again.
	ErrHistoryLost = errors.New("registry: history lost")
	// ErrQuiet means that nothing changed within the time limit of one call.
	ErrQuiet = errors.New("registry: no change within the wait")
	// ErrNotFound means that the key does not exist.
	ErrNotFound = errors.New("registry: key not found")
	// ErrExists means that a key to be created is there already.
	ErrExists = errors.New("registry: key exists")
	// ErrConflict means that the key was written since the given index.
	ErrConflict = errors.New("registry: key was changed by somebody else")
)
