package jobs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// state is what Snapshot writes.
type state struct {
	Jobs     []*job `json:"jobs"` // oldest first
	Sequence int64  `json:"sequence"`
}

// Snapshot gives all jobs and executions as JSON, for Restore.
func (s *Store) Snapshot() ([]byte, error) {
	return json.Marshal(state{Jobs: s.sorted(), Sequence: s.sequence})
}

// Restore puts what Snapshot gave in the place of all jobs and executions. If it is not whole, the error says what is wrong, and nothing changes.
// Timers go on: what has come due in between is done by the next Tick.
func (s *Store) Restore(data []byte) error {
	var restored state
	if err := json.Unmarshal(data, &restored); err != nil {
		return fmt.Errorf("restoring jobs: %w", err)
	}
	fresh := NewStore(s.config)
	fresh.sequence = restored.Sequence
	for _, j := range restored.Jobs {
		if err := fresh.adopt(j); err != nil {
			return fmt.Errorf("restoring jobs: %w", err)
		}
	}
	for _, queue := range fresh.things {
		slices.SortFunc(queue, func(a, b *execution) int { return cmp.Compare(a.Order, b.Order) })
	}
	*s = *fresh
	return nil
}

func (s *Store) adopt(j *job) error {
	if j == nil {
		return errors.New("a job is null")
	}
	if err := j.Request.check(j.ID); err != nil {
		return fmt.Errorf("job %q: %w", j.ID, err)
	}
	switch {
	case s.jobs[j.ID] != nil:
		return fmt.Errorf("job %q: it is there twice", j.ID)
	case j.Status != JobInProgress && j.Status != JobCompleted && j.Status != JobCanceled && j.Status != JobDeleting:
		return fmt.Errorf("job %q: %q is no status of a job", j.ID, j.Status)
	case j.Status == JobDeleting && len(j.Executions) > 0:
		return fmt.Errorf("job %q: it is being deleted and has executions", j.ID)
	case j.Order > s.sequence:
		return fmt.Errorf("job %q: its order is beyond the sequence", j.ID)
	}
	j.Request.TargetSelection = j.Request.selection()
	if j.Attempts == nil {
		j.Attempts = map[string]int64{}
	}
	s.jobs[j.ID] = j
	for _, e := range j.Executions {
		if e == nil {
			return fmt.Errorf("job %q: an execution is null", j.ID)
		}
		e.job = j
		switch {
		case !isThing(e.Thing) || e.Number < 1 || e.Number > j.Attempts[e.Thing]:
			return fmt.Errorf("job %q: execution %d on thing %q: there is no such thing or number", j.ID, e.Number, e.Thing)
		case s.find(e.Thing, j.ID, &e.Number) != nil:
			return fmt.Errorf("job %q: execution %d on thing %q: it is there twice", j.ID, e.Number, e.Thing)
		case !e.Status.known() || e.Version < 1 || e.Order > s.sequence:
			return fmt.Errorf("job %q: execution %d on thing %q: status %q, version %d, order %d do not fit", j.ID, e.Number, e.Thing, e.Status, e.Version, e.Order)
		}
		if complaint := checkDetails(e.Details); complaint != "" {
			return fmt.Errorf("job %q: execution %d on thing %q: %s", j.ID, e.Number, e.Thing, complaint)
		}
		s.things[e.Thing] = append(s.things[e.Thing], e)
	}
	return nil
}
