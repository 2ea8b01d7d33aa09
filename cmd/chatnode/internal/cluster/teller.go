package cluster

import "sync"

// teller hands what happens to the screen, in words, from any goroutine.
type teller struct {
	mu     sync.Mutex
	story  storyteller
	screen *screen // nil: keep quiet
}

func newTeller(profile string, s *screen) *teller {
	return &teller{story: storyteller{act: profile}, screen: s}
}

// tell says what an event is worth saying.
func (t *teller) tell(e event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Also while it is quiet: the next line must know what came before.
	notes := t.story.tell(e)
	if t.screen == nil {
		return
	}
	for _, n := range notes {
		t.screen.tell(n) // never waits
	}
}

func (t *teller) say(n note) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.screen != nil {
		t.screen.tell(n)
	}
}

// silence ends the telling: what is stopped on purpose is no story.
func (t *teller) silence() { t.speak(nil) }

// speak goes on telling, on another screen.
func (t *teller) speak(s *screen) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.screen = s
}
