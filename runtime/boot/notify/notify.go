// Package notify speaks to the service manager that has started the program (sd_notify(3)), without package net.
package notify

import (
	"os"
	"strconv"
	"time"
)

// What is told.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	Watchdog = "WATCHDOG=1" // alive; due at least every Interval
)

// socketVariable names the socket of the service manager. Children inherit it: they may speak for the service too, if its unit says
// NotifyAccess=all.
const socketVariable = "NOTIFY_SOCKET"

// Send tells the service manager a state: one of the constants, or STATUS= and a line of text. Several are put on lines of their own. Where there is
// no service manager that listens it does nothing.
func Send(state string) error {
	path := os.Getenv(socketVariable)
	if path == "" {
		return nil
	}
	return send(path, state)
}

// Interval is how often the service manager wants to hear Watchdog, at the latest; half of it is a good rhythm. false: it does not watch
// this process.
func Interval() (time.Duration, bool) {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, false
	}
	micros, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || micros <= 0 || micros > int64(1<<63-1)/1000 {
		return 0, false
	}
	return time.Duration(micros) * time.Microsecond, true
}
