// Package hwid is the source of the hardware id that a device is known by (SDK: HW_ID_LIBRARY).
//
// Every source gives text of a fixed length, because clouds and topics are sized by it: IMEI 15 digits, network MAC 12 hex digits in upper
// case, device id 32 hex digits in lower case.
package hwid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
)

// Source says where the id is taken from. Its values are the members of the choice HW_ID_LIBRARY_SOURCE.
type Source string

// The sources. The SDK's others need hardware that a Linux device does not have (Kconfig.hcl tells which).
const (
	SourceIMEI     Source = "HW_ID_LIBRARY_SOURCE_IMEI"      // the modem's IMEI
	SourceNetMAC   Source = "HW_ID_LIBRARY_SOURCE_NET_MAC"   // MAC address of a network interface
	SourceDeviceID Source = "HW_ID_LIBRARY_SOURCE_DEVICE_ID" // id of this installation of the operating system, /etc/machine-id
)

// machineIDFile is where the operating system keeps its id: 32 hex digits in lower case and a newline (machine-id(5)).
const machineIDFile = "/etc/machine-id"

// Config selects the source.
type Config struct {
	Source Source `kconfig:"HW_ID_LIBRARY_SOURCE"`
}

// ID gives the hardware id. imei asks the modem and is called only by SourceIMEI; it may wait for the modem until ctx ends.
func (c Config) ID(ctx context.Context, imei func(context.Context) (string, error)) (string, error) {
	switch c.Source {
	case SourceIMEI:
		return fromIMEI(ctx, imei)
	case SourceNetMAC:
		interfaces, err := net.Interfaces()
		if err != nil {
			return "", errorf("hardware id from the network MAC: list the interfaces: %w", err)
		}
		return fromInterfaces(interfaces)
	case SourceDeviceID:
		return fromMachineID(machineIDFile)
	case "":
		return "", errors.New("hardware id: no source is configured: set HW_ID_LIBRARY = y, or CLOUD_CLIENT_ID_USE_CUSTOM = y with CLOUD_CLIENT_ID")
	}
	return "", errorf("hardware id: unknown source %q: it must be a member of HW_ID_LIBRARY_SOURCE", string(c.Source))
}

func fromIMEI(ctx context.Context, imei func(context.Context) (string, error)) (string, error) {
	if imei == nil {
		return "", errors.New("hardware id from the IMEI: this device has no modem: choose HW_ID_LIBRARY_SOURCE_DEVICE_ID or _NET_MAC")
	}
	id, err := imei(ctx)
	if err != nil {
		return "", errorf("hardware id from the IMEI: %w", err)
	}
	if len(id) != 15 || !consistsOf(id, "0123456789") {
		return "", errorf("hardware id from the IMEI: the modem gave %q, which is not 15 digits", id)
	}
	return id, nil
}

// fromInterfaces takes the first interface with a MAC address that its maker gave it; failing that, the first with any, which an
// administrator or the kernel has set and which may differ after a reboot.
func fromInterfaces(interfaces []net.Interface) (string, error) {
	const locallyAdministered = 0x02 // bit of the first byte, IEEE 802
	var chosen net.HardwareAddr
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 || len(i.HardwareAddr) != 6 || bytes.Equal(i.HardwareAddr, make([]byte, 6)) {
			continue
		}
		if i.HardwareAddr[0]&locallyAdministered == 0 {
			chosen = i.HardwareAddr
			break
		}
		if chosen == nil {
			chosen = i.HardwareAddr
		}
	}
	if chosen == nil {
		return "", errors.New("hardware id from the network MAC: no interface but the loopback has a MAC address: connect one, or choose HW_ID_LIBRARY_SOURCE_DEVICE_ID")
	}
	return fmt.Sprintf("%X", []byte(chosen)), nil
}

func fromMachineID(file string) (string, error) {
	const advice = "run systemd-machine-id-setup (or dbus-uuidgen --ensure=" + machineIDFile + ") once on this device, or choose HW_ID_LIBRARY_SOURCE_NET_MAC"
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errorf("hardware id from the device id: there is no %s: %s", file, advice)
	}
	if err != nil {
		return "", errorf("hardware id from the device id: %w", err)
	}
	id := string(bytes.TrimSpace(content))
	if len(id) != 32 || !consistsOf(id, "0123456789abcdef") {
		return "", errorf("hardware id from the device id: %s does not hold 32 hex digits in lower case: %s", file, advice)
	}
	return id, nil
}

func consistsOf(text, alphabet string) bool {
	return strings.Trim(text, alphabet) == ""
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
