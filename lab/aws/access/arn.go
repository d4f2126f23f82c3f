package access

import "strings"

// Account says whose resources they are: it makes their ARNs (developer guide, "Action resources").
type Account struct {
	Region string // us-east-1
	ID     string // 12 digits
}

// ARN gives the name of a resource: its type ("topic", "topicfilter", "client", "thing", "cert", "cacert", "policy", "thingtype") and its
// name. The resource of a named shadow is of type "thing", with the name THING/SHADOW.
func (a Account) ARN(kind, name string) string {
	return "arn:aws:iot:" + a.Region + ":" + a.ID + ":" + kind + "/" + name
}

// Client gives the resource of iot:Connect.
func (a Account) Client(id string) string { return a.ARN("client", id) }

// Topic gives the resource of iot:Publish, iot:RetainPublish and iot:Receive, and the value of Client.LastWillTopic.
func (a Account) Topic(topic string) string { return a.ARN("topic", topic) }

// TopicFilter gives the resource of iot:Subscribe.
func (a Account) TopicFilter(filter string) string { return a.ARN("topicfilter", filter) }

// Thing gives the resource of the calls on a thing and on its classic shadow.
func (a Account) Thing(name string) string { return a.ARN("thing", name) }

// NamedShadow gives the resource of the calls on a named shadow.
func (a Account) NamedShadow(thing, shadow string) string { return a.ARN("thing", thing+"/"+shadow) }

// components is how many parts an ARN has: arn, partition, service, region, account, and the resource, which may have colons itself.
const components = 6

// short gives the resource part of an ARN.
func short(arn string) string {
	if parts := strings.SplitN(arn, ":", components); len(parts) == components {
		return parts[components-1]
	}
	return arn
}
