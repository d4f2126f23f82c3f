package tracker

// buffer holds the samples of one kind that have not been sent, oldest first. When it is full the oldest one gives way (SDK: ring buffers of
// the data module). Samples are not overwritten where they are: a batch of them may still be on its way when its caller has given up.
type buffer[T any] struct {
	samples []T
	limit   int
	store   bool // what cannot be sent at once is held back
}

func (b *buffer[T]) add(sample T) {
	if len(b.samples) == b.limit {
		b.samples = b.samples[1:]
	}
	b.samples = append(b.samples, sample)
}

// newest gives a copy of the newest sample; nil when there is none.
func (b *buffer[T]) newest() *T {
	if len(b.samples) == 0 {
		return nil
	}
	sample := b.samples[len(b.samples)-1]
	return &sample
}

// dropNewest is called when the newest sample has been sent.
func (b *buffer[T]) dropNewest() {
	if len(b.samples) > 0 {
		last := len(b.samples) - 1
		b.samples = b.samples[:last:last]
	}
}

func (b *buffer[T]) clear() { b.samples = nil }

// settle is called when what could be sent was sent.
func (b *buffer[T]) settle() {
	if !b.store {
		b.samples = nil
	}
}
