package protocol

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// presencesPerWindow is how many Presence Updates of a client have an effect in one window; further ones are dropped.
	presencesPerWindow = 5
	presenceWindow     = 20 * time.Second
)

// Presence is how a user wants to be seen.
type Presence struct {
	// Status is online, dnd, idle, invisible or offline.
	Status string
	// Activities is a JSON array, at most as long as one payload.
	Activities jsontext.Value
	AFK        bool
}

// decodePresence reads the data of OpPresenceUpdate, and the same within Identify, where libraries that were given no
// presence send one with an empty status.
func decodePresence(data jsontext.Value) (Presence, error) {
	var in struct {
		Since      *int64           `json:"since"`
		Activities []jsontext.Value `json:"activities"`
		Status     string           `json:"status"`
		AFK        bool             `json:"afk"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return Presence{}, fmt.Errorf("protocol: presence is not readable: %w", err)
	}
	switch in.Status {
	case "":
		in.Status = "online"
	case "online", "dnd", "idle", "invisible", "offline":
	default:
		return Presence{}, fmt.Errorf("protocol: presence has the status %.20q", in.Status)
	}
	for _, a := range in.Activities {
		if !isObject(a) {
			return Presence{}, fmt.Errorf("protocol: presence has an activity that is no object")
		}
	}
	list, err := json.Marshal(in.Activities)
	if err != nil {
		return Presence{}, fmt.Errorf("protocol: presence: %w", err)
	}
	return Presence{Status: in.Status, Activities: list, AFK: in.AFK}, nil
}
