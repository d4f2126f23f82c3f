package gnss

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// Times that no option says.
const (
	// answerTime is how long an answer of the cloud is waited for (as in the SDK's LwM2M utilities). For assistance data it doubles with each request that
	// goes unanswered, up to repeatTime: there are clouds that never answer.
	answerTime = 3 * time.Minute
	// repeatTime is how long the cloud is not asked again for what it did not give.
	repeatTime = time.Hour
)

// asked is what the cloud was last asked for, so that it is not asked at each search for what it does not give, as the location of a cell that it
// does not know.
type asked struct {
	need     agnss.Need    // less what has come
	at       time.Time     // zero: nothing was asked for
	answered bool          // something has come
	patience time.Duration // that an answer is waited for
}

// left is the part of a need that may be asked for now.
func (a *asked) left(need agnss.Need, now time.Time) agnss.Need {
	age := now.Sub(a.at)
	switch {
	case a.at.IsZero():
		return need
	case !a.answered && age < a.patience:
		return agnss.Need{}
	case a.answered && age < repeatTime:
		return need.Without(a.need)
	}
	return need
}

// came notes what an answer has given.
func (a *asked) came(given agnss.Need) {
	a.answered = true
	a.need = a.need.Without(given)
}

// ask notes a request.
func (a *asked) ask(need agnss.Need, now time.Time) {
	patience := answerTime
	if !a.answered && !a.at.IsZero() {
		patience = min(2*a.patience, repeatTime)
	}
	*a = asked{need: need, at: now, patience: patience}
}
