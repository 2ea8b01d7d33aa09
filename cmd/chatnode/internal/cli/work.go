package cli

import (
	"net/http"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// workFlags say how the workers of an API node, or of the store, work.
type workFlags struct {
	Queue         int    `default:"256" help:"How many calls of a lane may wait for a worker; 0 refuses whatever finds none free."`
	ServiceTime   span   `default:"0s" help:"For how long a call holds its worker at least, by the clock: a capacity that does not depend on the machine."`
	ServiceSpread string `enum:"fixed,exponential" default:"fixed" help:"Whether every service time is that long, or drawn with it as the mean."`
	Late          string `enum:"refuse,serve" default:"refuse" help:"What becomes of calls that cannot be answered in time: refuse them, or serve them for nobody."`
}

func (f workFlags) spread() desk.Spread {
	if f.ServiceSpread == "exponential" {
		return desk.Exponential
	}
	return desk.Fixed
}

func (f workFlags) late() desk.Late {
	if f.Late == "serve" {
		return desk.Serve
	}
	return desk.Refuse
}

// showLoad answers GET /admin/load, and adds the lanes to the metrics.
func (a *admin) showLoad(load func() any, lanes ...*work.Lane) {
	a.metrics.MustRegister(work.NewMetrics(lanes...))
	a.mux.HandleFunc("GET /admin/load", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, http.StatusOK, load()) })
}
