package worker

import (
	"errors"
	"io"
	"slices"
	"time"

	"echoline/internal/fault"
	"echoline/internal/study"
	"echoline/internal/study/confine"
)

// atOnce is how many files are handed to a process to describe at most, so that it goes from one to the next by itself and
// few messages have to wake anybody. A frame waits behind nothing.
const atOnce = 16

// job is a request of the pool's caller.
type job struct {
	kind    byte
	request []byte
	file    *file
	limit   time.Duration
	take    func(r io.Reader, kind byte, n int64) error // reads the answer, which has n bytes
	done    chan error
	again   bool // a process came to its end over it
}

// slot is the place of one process.
type slot struct {
	pool *Pool
	w    *process       // nil while none runs
	todo []*job         // not handed over yet
	sent []*job         // handed over; the process is at the first
	time *confine.Watch // over the first
}

// run works until the pool is closed.
func (s *slot) run() {
	for s.fetch() {
		if s.w == nil {
			var err error
			if s.w, err = s.pool.start(); err != nil {
				s.giveUp(err)
				continue
			}
		}
		err := s.hand()
		if err == nil {
			err = s.hear()
		}
		if err != nil {
			s.ended(err)
		}
	}
	if s.w != nil {
		_ = s.w.end() // it was killed
	}
}

// fetch waits for something to do, and takes more of what is there. It tells whether the pool is still open.
func (s *slot) fetch() bool {
	if len(s.todo)+len(s.sent) == 0 {
		select {
		case j := <-s.pool.describes:
			s.todo = append(s.todo, j)
		case j := <-s.pool.decodes:
			s.todo = append(s.todo, j)
		case <-s.pool.quit:
			return false
		}
	}
	if len(s.sent) > atOnce/2 {
		return true
	}
	for len(s.todo)+len(s.sent) < atOnce && !slices.ContainsFunc(slices.Concat(s.todo, s.sent), (*job).alone) {
		select {
		case j := <-s.pool.describes:
			s.todo = append(s.todo, j)
		default:
			return true
		}
	}
	return true
}

// alone tells whether nothing is handed over behind a job.
func (j *job) alone() bool { return j.kind != kindDescribe || j.again }

// giveUp answers all jobs with an error.
func (s *slot) giveUp(err error) {
	for _, j := range s.todo {
		j.done <- err
	}
	s.todo = nil
}

// hand hands over what is to be done. A job that a process came to its end over goes alone: were another handed over
// behind it, that one might end the process before the answer is out, and the first be blamed.
func (s *slot) hand() error {
	if len(s.todo) == 0 || len(s.sent) > 0 && s.sent[0].again {
		return nil
	}
	n := len(s.todo)
	if s.todo[0].again {
		n = 1
	}
	todo := s.todo[:n]
	s.sent, s.todo = append(s.sent, todo...), slices.Clone(s.todo[n:])
	if s.time == nil {
		s.time = confine.WatchOver(s.w.cmd, s.sent[0].limit)
	}
	if s.w.hello.State.Memory {
		var size int64
		for _, j := range s.sent {
			size = max(size, j.file.size)
		}
		if err := s.w.limit(size); err != nil {
			return err
		}
	}
	for _, j := range todo {
		if err := post(s.w.in, j.kind, j.request, j.file.head); err != nil {
			return err
		}
	}
	return s.w.in.Flush()
}

// hear takes one message of the process.
func (s *slot) hear() error {
	kind, n, err := receive(s.w.out)
	if err != nil {
		return err
	}
	j := s.sent[0]
	if kind == kindRead || kind == kindItems {
		where, err := payload(s.w.out, n, readRequest)
		if err != nil {
			return err
		}
		return s.w.serve(s.time, kind, where, j.file)
	}
	if err := j.take(s.w.out, kind&^lastAnswer, n); err != nil {
		return err
	}
	s.time.Stop()
	s.time = nil
	s.w.tried = true
	s.sent = s.sent[1:]
	j.done <- j.file.err
	if kind&lastAnswer != 0 {
		_ = s.w.end() // it had answered
		s.w, s.todo, s.sent = nil, append(s.sent, s.todo...), nil
	} else if len(s.sent) > 0 {
		s.time = confine.WatchOver(s.w.cmd, s.sent[0].limit)
	}
	return nil
}

// ended names the culprit when a process has come to its end, or does not keep to the protocol. A process that has
// answered others may have carried something over from them, or was ended from outside: then a new one is asked, so that
// no file is blamed for another.
func (s *slot) ended(err error) {
	j := s.sent[0]
	slow := s.time.Expired()
	s.time.Stop()
	fate := s.w.end()
	err = culprit(s.w, j, slow, err, fate)
	rest := s.sent[1:]
	doubt := s.w.tried || len(rest) > 0 // the last answers may not have come through
	if doubt && !slow && !j.again && j.file.err == nil {
		j.again = true
		rest = s.sent
	} else {
		j.done <- err
	}
	s.w, s.time, s.sent, s.todo = nil, nil, nil, append(slices.Clone(rest), s.todo...)
}

// culprit is the fault of a file over which a process came to its end.
func culprit(w *process, j *job, slow bool, err, fate error) error {
	switch {
	case j.file.err != nil:
		return j.file.err
	case slow:
		return fault.New(study.CodeSlow, "", nil, fault.Args{"Seconds": int(j.limit / time.Second)})
	case w.said.starved():
		return fault.New(study.CodeMemory, "", nil, fault.Args{"MiB": int(memoryFor(j.file.size) >> 20)})
	case errors.Is(err, errProtocol):
	case w.said.String() != "":
		err = errors.New(w.said.String())
	case fate != nil:
		err = fate
	}
	return fault.New(study.CodeCrashed, "", err, nil)
}
