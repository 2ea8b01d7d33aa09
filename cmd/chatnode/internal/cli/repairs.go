package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

// operator is who pauses the repairs where a command names nobody.
const operator = "operator"

// repairCommand is the body of a POST to /admin/repairs.
type repairCommand struct {
	// Action is pause or resume.
	Action string `json:"action"`
	// By says who: repairs go on when nobody holds them any more. Empty means the
	// operator; "*" resumes for all.
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
	// For is when the pause ends by itself, as 5m; empty means never.
	For string `json:"for,omitempty"`
}

// showRepairs serves /admin/repairs: GET says where they stand, POST pauses and
// resumes them.
func (a *admin) showRepairs(repairs *store.Repairs, commanding actorsadmin.Config) {
	a.metrics.MustRegister(repairs.Metrics())
	pages := http.NewServeMux()
	pages.HandleFunc("GET /admin/repairs", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, repairs.Status())
	})
	pages.HandleFunc("POST /admin/repairs", func(w http.ResponseWriter, r *http.Request) {
		command, err := readRepairCommand(r.Body)
		if err == nil {
			err = command.give(repairs)
		}
		if err != nil {
			answerJSON(w, http.StatusBadRequest, map[string]string{"error": oneLine(err)})
			return
		}
		answerJSON(w, http.StatusOK, repairs.Status())
	})
	a.mux.Handle("/admin/repairs", actorsadmin.Guarded(commanding, pages))
}

func readRepairCommand(body io.Reader) (repairCommand, error) {
	var c repairCommand
	text, err := io.ReadAll(body)
	if err != nil {
		return c, errors.New("repairs: the command did not arrive whole, or is too large")
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&c) != nil || decoder.More() {
		return c, errors.New(`repairs: the body is no command: want action ("pause" or "resume"), by, reason, for and nothing else`)
	}
	return c, nil
}

// give has the repairs do what the command says.
func (c repairCommand) give(repairs *store.Repairs) error {
	if c.By == "" {
		c.By = operator
	}
	switch c.Action {
	case "resume":
		if c.By == "*" {
			c.By = ""
		}
		repairs.Resume(c.By)
		return nil
	case "pause":
	default:
		return fmt.Errorf("repairs: %.32q is no action: want pause or resume", c.Action)
	}
	if repairs.Status().State == store.RepairsOff {
		return errors.New("repairs: this store has none: it was started with --repair-share 0")
	}
	var lasting time.Duration
	if c.For != "" {
		var err error
		if lasting, err = time.ParseDuration(c.For); err != nil || lasting <= 0 {
			return fmt.Errorf("repairs: a pause of %.32q: write a positive number with its unit, for example 5m", c.For)
		}
	}
	return repairs.Pause(c.By, c.Reason, lasting)
}
