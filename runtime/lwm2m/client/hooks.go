package client

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// OnExecute adds a function that is called after a server has executed a resource and the answer was sent. It must not block.
func (c *Client) OnExecute(path lwm2m.Path, call func(arguments []lwm2m.Argument)) {
	c.tree.OnExecuted(func(executed lwm2m.Path, arguments []lwm2m.Argument) {
		if executed == path {
			call(arguments)
		}
	})
}

// OnWritten adds a function that is called after a server, or the bootstrap server, has written resources at or below a path and the answer was
// sent, with what was written, also where it was the same as before. What an lwm2m.Uploader takes is not among it. It must not block.
func (c *Client) OnWritten(below lwm2m.Path, call func(values []lwm2m.Item)) {
	c.tree.OnWritten(func(written []lwm2m.Item) {
		var values []lwm2m.Item
		for _, each := range written {
			if below.Contains(each.Path) {
				values = append(values, each)
			}
		}
		if len(values) > 0 {
			call(values)
		}
	})
}
