package pgps

import "fmt"

// Decoder reads a file that arrives in parts of any size. The zero value is ready. After an error it takes no more, and what was whole before
// remains. It holds MaxSize bytes at most.
type Decoder struct {
	// Accept, where it is set, is asked about the header before any prediction is taken. Its error ends the file.
	Accept func(Header) error

	header  []byte
	expects Header
	body    []byte
	checked int // predictions
	err     error
}

// Write takes the next part. Errors are *FormatError.
func (d *Decoder) Write(part []byte) error {
	if d.err == nil {
		d.err = d.write(part)
	}
	return d.err
}

func (d *Decoder) write(part []byte) error {
	if missing := HeaderSize - len(d.header); missing > 0 {
		n := min(missing, len(part))
		d.header, part = append(d.header, part[:n]...), part[n:]
		if n < missing {
			return nil
		}
		header, err := ParseHeader(d.header)
		if err != nil {
			return err
		}
		if d.Accept != nil {
			if err := d.Accept(header); err != nil {
				return &FormatError{Err: err}
			}
		}
		d.expects = header
		d.body = make([]byte, 0, header.Count*PredictionSize)
	}
	surplus := len(d.body) + len(part) - d.expects.Count*PredictionSize
	if surplus > 0 {
		part = part[:len(part)-surplus]
	}
	d.body = append(d.body, part...)
	for ; (d.checked+1)*PredictionSize <= len(d.body); d.checked++ {
		offset := d.checked * PredictionSize
		if _, err := parsePrediction(d.body[offset:offset+PredictionSize], d.expects.at(d.checked)); err != nil {
			return &FormatError{Offset: HeaderSize + offset, Err: err}
		}
	}
	if surplus > 0 {
		return &FormatError{Offset: HeaderSize + len(d.body), Err: fmt.Errorf("%w: %d predictions", ErrTrailing, d.expects.Count)}
	}
	return nil
}

// Header gives the header when it has arrived; ok tells that.
func (d *Decoder) Header() (header Header, ok bool) { return d.expects, d.expects.Count > 0 }

// Offset is how many bytes have arrived: a download that was interrupted goes on there.
func (d *Decoder) Offset() int { return len(d.header) + len(d.body) }

// Complete tells that all predictions have arrived.
func (d *Decoder) Complete() bool { return d.expects.Count > 0 && d.checked == d.expects.Count }

func (d *Decoder) expected() int { return d.expects.Count }

// Set gives the predictions that have arrived whole. It stays as it is when more are written.
func (d *Decoder) Set() *Set {
	end := d.checked * PredictionSize
	return &Set{Header: Header{Count: d.checked, Period: d.expects.Period, Start: d.expects.Start}, body: d.body[:end:end]}
}
