package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/jobs"
)

// store answers from what f does with the Jobs service.
func (c *control) store(f func(s *jobs.Store, now time.Time) (any, []jobs.Message, error)) (any, error) {
	var result any
	err := c.cloud.Jobs(func(s *jobs.Store, now time.Time) ([]jobs.Message, error) {
		var messages []jobs.Message
		var err error
		result, messages, err = f(s, now)
		return messages, err
	})
	return result, err
}

func part(r *request) (jobs.Page, error) {
	size, err := r.number("maxResults")
	return jobs.Page{MaxResults: int(min(size, 1<<20)), NextToken: r.query("nextToken")}, err
}

func (c *control) jobs(mux *http.ServeMux) {
	c.handle(mux, "PUT /jobs/{job}", func(r *request) (any, error) {
		body, err := jobs.DecodeJobRequest(r.body)
		if err != nil {
			return nil, err
		}
		return c.store(func(s *jobs.Store, now time.Time) (any, []jobs.Message, error) {
			created, messages, err := s.CreateJob(r.PathValue("job"), body, now)
			return created, messages, err
		})
	})
	c.handle(mux, "GET /jobs/{job}", func(r *request) (any, error) {
		return c.store(func(s *jobs.Store, _ time.Time) (any, []jobs.Message, error) {
			job, err := s.DescribeJob(r.PathValue("job"))
			return map[string]any{"job": job}, nil, err
		})
	})
	c.handle(mux, "GET /jobs/{job}/job-document", func(r *request) (any, error) {
		return c.store(func(s *jobs.Store, _ time.Time) (any, []jobs.Message, error) {
			document, err := s.GetJobDocument(r.PathValue("job"))
			return map[string]string{"document": document}, nil, err
		})
	})
	c.handle(mux, "GET /jobs", func(r *request) (any, error) {
		page, err := part(r)
		if err != nil {
			return nil, err
		}
		filter := jobs.JobFilter{Status: jobs.JobStatus(r.query("status")), TargetSelection: r.query("targetSelection")}
		return c.store(func(s *jobs.Store, _ time.Time) (any, []jobs.Message, error) {
			list, err := s.ListJobs(filter, page)
			return list, nil, err
		})
	})
	c.handle(mux, "PUT /jobs/{job}/cancel", func(r *request) (any, error) {
		body, err := jobs.DecodeCancelRequest(r.body)
		if err != nil {
			return nil, err
		}
		force, err := r.flag("force")
		if err != nil {
			return nil, err
		}
		return c.store(func(s *jobs.Store, now time.Time) (any, []jobs.Message, error) {
			created, messages, err := s.CancelJob(r.PathValue("job"), body, force, now)
			return created, messages, err
		})
	})
	c.handle(mux, "DELETE /jobs/{job}", func(r *request) (any, error) {
		force, err := r.flag("force")
		if err != nil {
			return nil, err
		}
		return c.store(func(s *jobs.Store, now time.Time) (any, []jobs.Message, error) {
			messages, err := s.DeleteJob(r.PathValue("job"), force, now)
			return nil, messages, err
		})
	})
	c.executions(mux)
}

func (c *control) executions(mux *http.ServeMux) {
	c.handle(mux, "GET /jobs/{job}/things", func(r *request) (any, error) {
		page, err := part(r)
		if err != nil {
			return nil, err
		}
		return c.store(func(s *jobs.Store, _ time.Time) (any, []jobs.Message, error) {
			list, err := s.ListJobExecutionsForJob(r.PathValue("job"), jobs.Status(r.query("status")), page)
			return list, nil, err
		})
	})
	c.handle(mux, "GET /things/{thing}/jobs", func(r *request) (any, error) {
		page, err := part(r)
		if err != nil {
			return nil, err
		}
		return c.store(func(s *jobs.Store, _ time.Time) (any, []jobs.Message, error) {
			list, err := s.ListJobExecutionsForThing(r.PathValue("thing"), r.query("jobId"), jobs.Status(r.query("status")), page)
			return list, nil, err
		})
	})
	c.handle(mux, "GET /things/{thing}/jobs/{job}", func(r *request) (any, error) {
		number, err := r.number("executionNumber")
		if err != nil {
			return nil, err
		}
		return c.store(func(s *jobs.Store, now time.Time) (any, []jobs.Message, error) {
			execution, err := s.DescribeJobExecution(r.PathValue("thing"), r.PathValue("job"), number, now)
			return map[string]any{"execution": execution}, nil, err
		})
	})
	c.handle(mux, "PUT /things/{thing}/jobs/{job}/cancel", func(r *request) (any, error) {
		body, err := jobs.DecodeCancelExecutionRequest(r.body)
		if err != nil {
			return nil, err
		}
		force, err := r.flag("force")
		if err != nil {
			return nil, err
		}
		return c.store(func(s *jobs.Store, now time.Time) (any, []jobs.Message, error) {
			messages, err := s.CancelJobExecution(r.PathValue("thing"), r.PathValue("job"), body, force, now)
			return nil, messages, err
		})
	})
	c.handle(mux, "DELETE /things/{thing}/jobs/{job}/executionNumber/{number}", func(r *request) (any, error) {
		force, err := r.flag("force")
		if err != nil {
			return nil, err
		}
		number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
		if err != nil {
			return nil, invalid("executionNumber is %q: a number", r.PathValue("number"))
		}
		return c.store(func(s *jobs.Store, now time.Time) (any, []jobs.Message, error) {
			messages, err := s.DeleteJobExecution(r.PathValue("thing"), r.PathValue("job"), number, force, now)
			return nil, messages, err
		})
	})
}
