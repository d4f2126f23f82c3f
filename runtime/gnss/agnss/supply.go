package agnss

import (
	"context"
	"time"
)

// Supply asks for the assistance data of now, and gives it to a receiver. It is what package gnss takes for its slot "agnss".
type Supply struct{ *Requester }

// New makes a Supply.
func New(config Config) (*Supply, error) { return &Supply{NewRequester(config)}, nil }

// Take reads what a cloud has sent, all of it, and then gives it to a receiver. now is the device's time, nil where that is not known; age is how long
// ago the message arrived. Errors are those of Parse, CheckTime and Message.Inject: with the last ones, and with ErrUnknownType, the message is
// there, and given tells what the receiver has taken all the same.
func (*Supply) Take(ctx context.Context, to Injector, payload []byte, now *GPSTime, age time.Duration) (message *Message, given Need, err error) {
	message, unknown := Parse(payload)
	if message == nil {
		return nil, Need{}, unknown
	}
	if now != nil {
		if err := message.CheckTime(*now); err != nil {
			return nil, Need{}, err
		}
	}
	given, err = message.Inject(ctx, to, age)
	if err == nil {
		err = unknown
	}
	return message, given, err
}
