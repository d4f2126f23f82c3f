package qos

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var config = Config{PendingMax: 3, NotifiedCountMax: 3, NotifyTimeout: 16 * time.Second}

func add(t *testing.T, l List, flags Flags, content any) (List, uint16) {
	t.Helper()
	l, message, err := l.Add(TypeBatch, flags, content)
	if err != nil {
		t.Fatal(err)
	}
	return l, message.ID
}

func ids(l List) []uint16 {
	var list []uint16
	for _, message := range l.Messages() {
		list = append(list, message.ID)
	}
	return list
}

func TestIDs(t *testing.T) {
	l := New(config)
	l, oldest := add(t, l, FlagAckRequired, "waits all the time")
	if oldest != 15000 {
		t.Errorf("the first id is %d", oldest)
	}
	seen := map[uint16]bool{oldest: true}
	for range 65534 - 15000 {
		var id uint16
		l, id = add(t, l, FlagAckDisabled, nil)
		if id < 15000 || id > 65534 || seen[id] {
			t.Fatalf("id %d, seen %t", id, seen[id])
		}
		seen[id] = true
	}
	if _, id := add(t, l, FlagAckDisabled, nil); id != 15001 {
		t.Errorf("after the last id comes %d: 15000 is still in use", id)
	}
	l, _, _ = l.Remove(oldest)
	if _, id := add(t, l, FlagAckDisabled, nil); id != 15000 {
		t.Errorf("after the last id comes %d", id)
	}
}

func TestOnlyAcknowledgedOnesAreStored(t *testing.T) {
	l := New(config)
	l, _ = add(t, l, FlagAckDisabled, nil)
	if l.Len() != 0 {
		t.Errorf("%d stored", l.Len())
	}
	for n := range 3 {
		if l.Full() {
			t.Errorf("full with %d", n)
		}
		l, _ = add(t, l, FlagAckRequired, n)
	}
	full, _, err := l.Add(TypeUI, FlagAckRequired, nil)
	if !l.Full() || !errors.Is(err, ErrFull) || !reflect.DeepEqual(full, l) {
		t.Errorf("full %t, error %v, changed %t", l.Full(), err, !reflect.DeepEqual(full, l))
	}
	if _, _, err := l.Add(TypeGeneric, FlagAckDisabled, nil); err != nil {
		t.Errorf("a message that is not stored: %v", err)
	}
}

// The life of a message by the timer alone: handed out three times, then given up.
func TestExpiry(t *testing.T) {
	l := New(config)
	l, id := add(t, l, FlagAckRequired, "content")
	for count := 1; count <= 3; count++ {
		var message Message
		var found bool
		l, message, found = l.HandOut(id)
		if !found || message.Notified != count || message.Content != "content" || message.Type != TypeBatch {
			t.Fatalf("hand-out %d: %+v, found %t", count, message, found)
		}
		var due []uint16
		var discarded []Message
		l, due, discarded = l.Expire(All)
		if last := count == 3; last != (len(discarded) == 1) || last != (len(due) == 0) {
			t.Fatalf("expiry %d: due %v, discarded %+v", count, due, discarded)
		}
	}
	if l.Len() != 0 {
		t.Errorf("%d left", l.Len())
	}
	if _, _, found := l.HandOut(id); found {
		t.Error("a message that was given up can be handed out")
	}
}

// A transport that has taken a message is not given it again; one that was refused is, up to the same limit.
func TestExpiryOfRefused(t *testing.T) {
	l := New(config)
	l, taken := add(t, l, FlagAckRequired, nil)
	l, refused := add(t, l, FlagAckRequired, nil)
	for range 3 {
		l, _, _ = l.HandOut(taken)
		l, _, _ = l.HandOut(refused)
	}
	l = l.Refuse(refused)
	if due := l.Notify(Refused); !slices.Equal(due, []uint16{refused}) {
		t.Errorf("due %v", due)
	}
	l, due, discarded := l.Expire(Refused)
	if len(due) != 0 || len(discarded) != 1 || discarded[0].ID != refused || !slices.Equal(ids(l), []uint16{taken}) {
		t.Errorf("due %v, discarded %+v, left %v", due, discarded, ids(l))
	}
	l, again := add(t, l, FlagAckRequired, nil)
	l, _, _ = l.HandOut(again)
	l = l.Refuse(again)
	l, due, discarded = l.Expire(Refused)
	if !slices.Equal(due, []uint16{again}) || len(discarded) != 0 {
		t.Errorf("due %v, discarded %+v", due, discarded)
	}
	l, _, _ = l.HandOut(again)
	if due := l.Notify(Refused); len(due) != 0 {
		t.Errorf("handed out again and still refused: %v", due)
	}
}

// A ping answer hands out without looking at the limit, so that it can add a fourth time.
func TestNotify(t *testing.T) {
	l := New(config)
	l, id := add(t, l, FlagAckRequired, nil)
	for range 3 {
		l, _, _ = l.HandOut(id)
	}
	if due := l.Notify(All); !slices.Equal(due, []uint16{id}) {
		t.Errorf("due %v", due)
	}
}

func TestAcknowledgement(t *testing.T) {
	l := New(config)
	l, first := add(t, l, FlagAckRequired, "a")
	l, second := add(t, l, FlagAckRequired, "b")
	l, message, found := l.Remove(first)
	if !found || message.Content != "a" || !slices.Equal(ids(l), []uint16{second}) {
		t.Errorf("removed %+v (%t), left %v", message, found, ids(l))
	}
	if _, _, found := l.Remove(first); found {
		t.Error("removed twice")
	}
	if message, found := l.Find(second); !found || message.Content != "b" {
		t.Errorf("found %+v, %t", message, found)
	}
	l, all := l.Clear()
	if l.Len() != 0 || len(all) != 1 || all[0].ID != second {
		t.Errorf("cleared %+v, %d left", all, l.Len())
	}
}

func TestTypesAndFlags(t *testing.T) {
	for number, name := range []string{
		"GENERIC", "BATCH", "UI", "CLOUD_LOCATION", "AGNSS_REQUEST", "PGPS_REQUEST", "CONFIG", "MEMFAULT",
	} {
		if got := Type(number).String(); got != name {
			t.Errorf("type %d is %s, want %s", number, got, name)
		}
	}
	for _, bad := range []Type{-1, typeCount} {
		if got := bad.String(); got != fmt.Sprintf("QOS_MESSAGE_TYPE(%d)", int(bad)) {
			t.Errorf("type %d is %s", int(bad), got)
		}
	}
	if FlagAckDisabled != 1 || FlagAckRequired != 2 {
		t.Errorf("flags %d, %d", FlagAckDisabled, FlagAckRequired)
	}
}

func TestValidate(t *testing.T) {
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	for option, spoil := range map[string]func(*Config){
		"QOS_PENDING_MESSAGES_MAX":           func(c *Config) { c.PendingMax = 0 },
		"QOS_PENDING_MESSAGES_MAX is 50535":  func(c *Config) { c.PendingMax = 50535 },
		"QOS_MESSAGE_NOTIFIED_COUNT_MAX":     func(c *Config) { c.NotifiedCountMax = 0 },
		"QOS_MESSAGE_NOTIFY_TIMEOUT_SECONDS": func(c *Config) { c.NotifyTimeout = 0 },
	} {
		bad := config
		spoil(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s: %v", option, err)
		}
	}
}

// FuzzList compares the list with a plain model under any sequence of operations, and holds that no operation changes an older list.
func FuzzList(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{0, 0, 0, 0, 1, 9, 17, 3, 3, 3, 3, 1, 2})
	f.Fuzz(func(t *testing.T, operations []byte) {
		type entry struct {
			id      uint16
			count   int
			refused bool
		}
		var model []entry
		l := New(config)
		type past struct {
			list List
			text string
		}
		var history []past
		for _, operation := range operations[:min(len(operations), 200)] {
			history = append(history, past{l, fmt.Sprint(l)})
			chosen := uint16(0)
			i := int(operation>>3) % max(len(model), 1)
			if len(model) > 0 {
				chosen = model[i].id
			}
			switch operation & 7 {
			case 0, 1:
				changed, message, err := l.Add(TypeUI, FlagAckRequired, nil)
				if (err != nil) != (len(model) >= config.PendingMax) {
					t.Fatalf("add with %d stored: %v", len(model), err)
				}
				if l = changed; err == nil {
					model = append(model, entry{id: message.ID})
				}
			case 2, 3:
				changed, message, found := l.HandOut(chosen)
				if found != (chosen != 0) {
					t.Fatalf("hand out %d: %t", chosen, found)
				}
				if l = changed; found {
					model[i].count++
					model[i].refused = false
					if message.Notified != model[i].count {
						t.Fatalf("count %d, want %d", message.Notified, model[i].count)
					}
				}
			case 4:
				if l = l.Refuse(chosen); chosen != 0 {
					model[i].refused = true
				}
			case 5:
				changed, _, found := l.Remove(chosen)
				if found != (chosen != 0) {
					t.Fatalf("remove %d: %t", chosen, found)
				}
				if l = changed; found {
					model = slices.Delete(model, i, i+1)
				}
			default:
				which := Which(operation & 1)
				changed, due, discarded := l.Expire(which)
				l = changed
				wantDue, wantGone := 0, 0
				model = slices.DeleteFunc(model, func(e entry) bool {
					meant := which == All || e.refused
					if meant && e.count >= config.NotifiedCountMax {
						wantGone++
						return true
					}
					if meant {
						wantDue++
					}
					return false
				})
				if len(due) != wantDue || len(discarded) != wantGone {
					t.Fatalf("due %v, discarded %v, want %d and %d", due, discarded, wantDue, wantGone)
				}
			}
			var want []uint16
			for _, e := range model {
				want = append(want, e.id)
			}
			if got := ids(l); !slices.Equal(got, want) {
				t.Fatalf("stored %v, want %v", got, want)
			}
		}
		for _, p := range history {
			if got := fmt.Sprint(p.list); got != p.text {
				t.Fatalf("an older list was changed:\n%s\n%s", p.text, got)
			}
		}
	})
}
