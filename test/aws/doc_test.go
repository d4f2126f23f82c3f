// Package aws runs the firmware's side of AWS IoT Core against the lab's, in one process: the cloud module, the backend, Jobs, downloads by https and
// the slots of the bootloader are the device's own; a restart is that all of it ends and begins anew from what is on the disk. It needs Go alone.
package aws
