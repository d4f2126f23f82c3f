//go:build real

package awssdk

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const (
	pendingChanged = "createJobExecutionsChangedStream"
	nextChanged    = "createNextJobExecutionChangedStream"
)

// jobsClient starts an MQTT client as the sample does, with the client of the jobs service over it.
func (d *driver) jobsClient(name string, a access) {
	d.Helper()
	d.call("service.open", object{"name": name, "kind": "jobs", "over": d.connected5(name, a)})
}

func (d *driver) connected5(name string, a access) string {
	d.Helper()
	d.start5(name, a, nil)
	return name
}

// jobsPolicy is what the README of the sample asks for.
func jobsPolicy(thing string) string {
	const account = "arn:aws:iot:us-east-1:000000000000:"
	return `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iot:Publish","Resource":["` + account + `topic/$aws/things/` + thing + `/jobs/start-next","` +
		account + `topic/$aws/things/` + thing + `/jobs/*/update","` + account + `topic/$aws/things/` + thing + `/jobs/*/get","` +
		account + `topic/$aws/things/` + thing + `/jobs/get"]},
		{"Effect":"Allow","Action":"iot:Receive","Resource":["` + account + `topic/$aws/things/` + thing + `/jobs/notify","` +
		account + `topic/$aws/things/` + thing + `/jobs/notify-next","` + account + `topic/$aws/things/` + thing + `/jobs/start-next/*","` +
		account + `topic/$aws/things/` + thing + `/jobs/*/update/*","` + account + `topic/$aws/things/` + thing + `/jobs/get/*","` +
		account + `topic/$aws/things/` + thing + `/jobs/*/get/*"]},
		{"Effect":"Allow","Action":"iot:Subscribe","Resource":["` + account + `topicfilter/$aws/things/` + thing + `/jobs/notify","` +
		account + `topicfilter/$aws/things/` + thing + `/jobs/notify-next","` + account + `topicfilter/$aws/things/` + thing + `/jobs/start-next/*","` +
		account + `topicfilter/$aws/things/` + thing + `/jobs/*/update/*","` + account + `topicfilter/$aws/things/` + thing + `/jobs/get/*","` +
		account + `topicfilter/$aws/things/` + thing + `/jobs/*/get/*"]},
		{"Effect":"Allow","Action":"iot:Connect","Resource":"` + account + `client/*"}]}`
}

// send sends a request of the control plane, which has to succeed.
func (d *driver) send(c *cloud, operation string, input object) json.RawMessage {
	d.Helper()
	return d.call("http.send", object{"client": "iot", "endpoint": c.Control(), "operation": operation, "input": input})
}

// refused sends a request over HTTP that has to fail with an error of this name and status.
func (d *driver) refused(c *cloud, client, operation string, input object, name string, status int) {
	d.Helper()
	result, err := d.try("http.send", object{"client": client, "endpoint": c.http(client), "operation": operation, "input": input})
	if err == nil || err.Name != name || err.Status != status {
		d.Errorf("%s %v: %v %s; want %s with status %d", operation, input, err, result, name, status)
	}
}

func (d *driver) createJob(c *cloud, id, thing, document string) {
	d.Helper()
	arn := c.Cloud().Account().ARN("thing", thing)
	d.send(c, "CreateJob", object{"jobId": id, "targets": []string{arn}, "document": document, "targetSelection": "SNAPSHOT"})
}

// The flow of the sample service_clients/jobs, with the commands of its walkthrough: two jobs from their creation to their end.
func TestSampleJobs(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	const client = "jobs-sample-5c"

	// createThingIfNeeded
	d.refused(c, "iot", "DescribeThing", object{"thingName": "robot"}, "ResourceNotFoundException", 404)
	created := d.send(c, "CreateThing", object{"thingName": "robot"})
	want(t, created, member{"thingName", `"robot"`}, member{"thingArn", `"arn:aws:iot:us-east-1:000000000000:thing/robot"`})
	want(t, d.send(c, "DescribeThing", object{"thingName": "robot"}), member{"thingArn", `"arn:aws:iot:us-east-1:000000000000:thing/robot"`})

	d.jobsClient(client, c.device(jobsPolicy("robot")))
	robot := object{"thingName": "robot"}
	d.stream(client, pendingChanged, robot)
	d.stream(client, nextChanged, robot)
	want(t, d.request(client, "getPendingJobExecutions", robot), member{"inProgressJobs", "[]"}, member{"queuedJobs", "[]"})
	want(t, d.request(client, "startNextPendingJobExecution", robot), member{"execution", absent})

	// create-job Job1 {"ToDo":"Reboot"}
	arn := text(t, created, "thingArn")
	answer := d.send(c, "CreateJob", object{"jobId": "Job1", "targets": []string{arn}, "document": `{"ToDo":"Reboot"}`, "targetSelection": "SNAPSHOT"})
	want(t, answer, member{"jobId", `"Job1"`}, member{"jobArn", `"arn:aws:iot:us-east-1:000000000000:job/Job1"`})
	want(t, d.await(0, "incomingPublish", pendingChanged).Data,
		member{"message.jobs.QUEUED.0.jobId", `"Job1"`}, member{"message.jobs.QUEUED.0.versionNumber", "1"}, member{"message.jobs.QUEUED.0.executionNumber", "1"},
		member{"message.jobs.IN_PROGRESS", absent})
	want(t, d.await(0, "incomingPublish", nextChanged).Data,
		member{"message.execution.jobId", `"Job1"`}, member{"message.execution.status", `"QUEUED"`}, member{"message.execution.jobDocument", `{"ToDo":"Reboot"}`},
		member{"message.execution.versionNumber", "1"})

	// create-job Job2: the head stays.
	mark := d.mark()
	d.createJob(c, "Job2", "robot", `{"ToDo":"Shutdown"}`)
	d.await(mark, "incomingPublish", pendingChanged, member{"message.jobs.QUEUED.1.jobId", `"Job2"`})

	pending := d.request(client, "getPendingJobExecutions", robot)
	want(t, pending, member{"queuedJobs.0.jobId", `"Job1"`}, member{"queuedJobs.1.jobId", `"Job2"`}, member{"inProgressJobs", "[]"})

	// start-next-pending-job-execution
	started := d.request(client, "startNextPendingJobExecution", robot)
	want(t, started, member{"execution.jobId", `"Job1"`}, member{"execution.status", `"IN_PROGRESS"`}, member{"execution.versionNumber", "2"},
		member{"execution.jobDocument", `{"ToDo":"Reboot"}`}, member{"execution.executionNumber", "1"})
	for _, path := range []string{"timestamp", "execution.queuedAt", "execution.startedAt", "execution.lastUpdatedAt"} {
		if seconds := number(t, started, path); seconds < 1e9 || seconds > 1e10 {
			t.Errorf("%s is %v; want seconds", path, seconds)
		}
	}

	// describe-job-execution Job1
	job1 := func(more object) object {
		request := object{"thingName": "robot", "jobId": "Job1"}
		for name, value := range more {
			request[name] = value
		}
		return request
	}
	want(t, d.request(client, "describeJobExecution", job1(nil)), member{"execution.jobDocument", `{"ToDo":"Reboot"}`}, member{"execution.status", `"IN_PROGRESS"`})

	// update-job-execution Job1 IN_PROGRESS, with all that a request may have, and then SUCCEEDED
	progress := d.request(client, "updateJobExecution", job1(object{"status": "IN_PROGRESS", "expectedVersion": 2, "statusDetails": object{"step": "one"},
		"includeJobExecutionState": true, "includeJobDocument": true, "stepTimeoutInMinutes": 10, "executionNumber": 1}))
	want(t, progress, member{"executionState.status", `"IN_PROGRESS"`}, member{"executionState.versionNumber", "3"}, member{"executionState.statusDetails.step", `"one"`},
		member{"jobDocument", `{"ToDo":"Reboot"}`})
	mark = d.mark()
	want(t, d.request(client, "updateJobExecution", job1(object{"status": "SUCCEEDED"})), member{"executionState", absent})
	want(t, d.await(mark, "incomingPublish", nextChanged).Data, member{"message.execution.jobId", `"Job2"`}, member{"message.execution.status", `"QUEUED"`})
	want(t, d.await(mark, "incomingPublish", pendingChanged).Data, member{"message.jobs.QUEUED.0.jobId", `"Job2"`}, member{"message.jobs.QUEUED.1", absent})

	// Job2 to its end: nothing is left.
	want(t, d.request(client, "startNextPendingJobExecution", robot), member{"execution.jobId", `"Job2"`})
	mark = d.mark()
	d.request(client, "updateJobExecution", object{"thingName": "robot", "jobId": "Job2", "status": "FAILED", "statusDetails": object{"why": "no power switch"}})
	want(t, d.await(mark, "incomingPublish", nextChanged).Data, member{"message.execution", absent})
	want(t, d.await(mark, "incomingPublish", pendingChanged).Data, member{"message.jobs", "{}"})

	// What the control plane has to say about it.
	want(t, d.send(c, "DescribeJob", object{"jobId": "Job1"}), member{"job.status", `"COMPLETED"`}, member{"job.jobProcessDetails.numberOfSucceededThings", "1"})
	want(t, d.send(c, "DescribeJobExecution", object{"jobId": "Job2", "thingName": "robot"}),
		member{"execution.status", `"FAILED"`}, member{"execution.statusDetails.detailsMap.why", `"no power switch"`})
	for _, id := range []string{"Job1", "Job2"} { // delete-job
		d.send(c, "DeleteJob", object{"jobId": id})
		d.refused(c, "iot", "DescribeJob", object{"jobId": id}, "ResourceNotFoundException", 404)
	}
	if n := d.count("incomingPublishError", pendingChanged) + d.count("incomingPublishError", nextChanged); n != 0 {
		t.Errorf("the SDK could not read %d messages", n)
	}
	if n := c.seen("refused", "policy"); n != 0 {
		t.Errorf("the cloud refused %d things by policy", n)
	}
}

// What the service rejects, as the SDK models it.
func TestJobsRejected(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	d.jobsClient("rejected", c.device(everything, "robot"))
	update := func(more object) object {
		request := object{"thingName": "robot", "jobId": "job"}
		for name, value := range more {
			request[name] = value
		}
		return request
	}
	reject := func(method string, request object, code string, members ...member) {
		t.Helper()
		modeled := d.rejected("rejected", method, request)
		want(t, modeled, append(members, member{"code", quote(code)})...)
		if token := text(t, modeled, "clientToken"); len(token) != 36 {
			t.Errorf("client token %q; want the SDK's UUID", token)
		}
	}
	reject("describeJobExecution", update(nil), "ResourceNotFound")
	d.createJob(c, "job", "robot", `{}`)
	reject("updateJobExecution", update(object{"status": "IN_PROGRESS", "expectedVersion": 7}), "VersionMismatch",
		member{"executionState.status", `"QUEUED"`}, member{"executionState.versionNumber", "1"})
	reject("updateJobExecution", update(object{"status": "CANCELED"}), "InvalidRequest")
	reject("updateJobExecution", update(object{"status": "IN_PROGRESS", "stepTimeoutInMinutes": 20000}), "InvalidRequest")
	reject("updateJobExecution", update(object{"jobId": "another", "status": "IN_PROGRESS"}), "ResourceNotFound")
	reject("updateJobExecution", update(object{"status": "IN_PROGRESS", "executionNumber": 2}), "ResourceNotFound")
	d.request("rejected", "updateJobExecution", update(object{"status": "SUCCEEDED", "expectedVersion": 1}))
	reject("updateJobExecution", update(object{"status": "IN_PROGRESS"}), "InvalidStateTransition", member{"executionState.status", `"SUCCEEDED"`})
	reject("describeJobExecution", update(nil), "TerminalStateReached")
}

// Cancelling, from the device's side: a queued execution leaves the list, one in progress is taken away with force only.
func TestJobCanceled(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	d.jobsClient("canceled", c.device(everything, "robot"))
	robot := object{"thingName": "robot"}
	d.stream("canceled", nextChanged, robot)
	d.createJob(c, "queued", "robot", `{"a":1}`)
	d.await(0, "incomingPublish", nextChanged, member{"message.execution.jobId", `"queued"`})
	mark := d.mark()
	d.send(c, "CancelJob", object{"jobId": "queued", "comment": "on second thoughts"})
	d.await(mark, "incomingPublish", nextChanged, member{"message.execution", absent})
	mark = d.mark()
	d.createJob(c, "running", "robot", `{"a":2}`)
	d.request("canceled", "startNextPendingJobExecution", robot)
	d.refused(c, "iot", "CancelJobExecution", object{"jobId": "running", "thingName": "robot"}, "InvalidStateTransitionException", 409)
	d.refused(c, "iot", "DeleteJob", object{"jobId": "running"}, "InvalidStateTransitionException", 409)
	want(t, d.request("canceled", "getPendingJobExecutions", robot), member{"inProgressJobs.0.jobId", `"running"`})
	d.send(c, "CancelJob", object{"jobId": "running", "force": true})
	d.await(mark, "incomingPublish", nextChanged, member{"message.execution", absent})
	want(t, d.request("canceled", "getPendingJobExecutions", robot), member{"inProgressJobs", "[]"})
}

// The jobs data plane over HTTP: there the document is a string.
func TestJobsOverHTTP(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	c.device(everything, "robot")
	robot := object{"thingName": "robot"}
	send := func(operation string, input object) json.RawMessage {
		t.Helper()
		return d.call("http.send", object{"client": "jobs", "endpoint": c.data(), "operation": operation, "input": input})
	}
	d.createJob(c, "job", "robot", `{"a":[1,2]}`)
	want(t, send("GetPendingJobExecutions", robot), member{"queuedJobs.0.jobId", `"job"`}, member{"inProgressJobs", "[]"})
	started := send("StartNextPendingJobExecution", robot)
	want(t, started, member{"execution.status", `"IN_PROGRESS"`}, member{"execution.versionNumber", "2"})
	if document := text(t, started, "execution.jobDocument"); !same(document, `{"a":[1,2]}`) {
		t.Errorf("the document is %s", document)
	}
	want(t, send("DescribeJobExecution", object{"thingName": "robot", "jobId": "$next", "includeJobDocument": true}), member{"execution.jobId", `"job"`})
	// The error for a wrong expectedVersion is in no list of errors of this interface; the status says that it is a conflict.
	_, err := d.try("http.send", object{"client": "jobs", "endpoint": c.data(), "operation": "UpdateJobExecution",
		"input": object{"thingName": "robot", "jobId": "job", "status": "SUCCEEDED", "expectedVersion": 9}})
	if err == nil || err.Status != 409 {
		t.Errorf("an update with a wrong expectedVersion: %v; want status 409", err)
	}
	want(t, send("UpdateJobExecution", object{"thingName": "robot", "jobId": "job", "status": "SUCCEEDED", "expectedVersion": 2, "includeJobExecutionState": true}),
		member{"executionState.status", `"SUCCEEDED"`}, member{"executionState.versionNumber", "3"})
	d.refused(c, "jobs", "DescribeJobExecution", object{"thingName": "robot", "jobId": "job"}, "TerminalStateException", 410)
	d.refused(c, "jobs", "DescribeJobExecution", object{"thingName": "robot", "jobId": "none"}, "ResourceNotFoundException", 404)
}

// A placeholder in a job's document becomes a URL of the file host, which serves it for its time, in parts too.
func TestPresignedDocument(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, c.ca())
	d.jobsClient("robot", c.device(jobsPolicy("robot"), "robot"))
	image := strings.Repeat("0123456789", 1000)
	_, err := c.Files().PutBytes("app/2.0.0.img", []byte(image))
	check(t, err)
	d.send(c, "CreateJob", object{"jobId": "job", "targets": []string{c.Cloud().Account().ARN("thing", "robot")},
		"presignedUrlConfig": object{"roleArn": "arn:aws:iam::000000000000:role/files", "expiresInSec": 300},
		"document":           `{"location":{"url":"${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/` + c.Files().Bucket() + `/app/2.0.0.img}"}}`})
	started := d.request("robot", "startNextPendingJobExecution", object{"thingName": "robot"})
	link := text(t, started, "execution.jobDocument.location.url")
	fetch := func(url string, headers object) json.RawMessage {
		t.Helper()
		return d.call("http.fetch", object{"url": url, "method": "GET", "headers": headers})
	}
	want(t, fetch(link, nil), member{"status", "200"}, member{"body", quote(image)})
	part := fetch(link, object{"Range": "bytes=9995-"})
	want(t, part, member{"status", "206"}, member{"headers.content-range", `"bytes 9995-9999/10000"`})
	if body := text(t, part, "body"); body != "56789" {
		t.Errorf("the end of the image is %q", body)
	}
	want(t, fetch(strings.Replace(link, "2.0.0", "3.0.0", 1), nil), member{"status", "403"})
	want(t, fetch(c.FileHost()+"/"+c.Files().Bucket()+"/app/2.0.0.img", nil), member{"status", "403"})
	check(t, c.Cloud().Clock().Advance(301*time.Second))
	want(t, fetch(link, nil), member{"status", "403"})
	// A new question gives a new URL.
	again := text(t, d.request("robot", "describeJobExecution", object{"thingName": "robot", "jobId": "job"}), "execution.jobDocument.location.url")
	want(t, fetch(again, object{"Range": "bytes=0-3"}), member{"status", "206"}, member{"body", `"0123"`})
}
