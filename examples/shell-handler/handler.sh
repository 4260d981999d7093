#!/bin/sh
# Drains each instance that is about to restart: runs until it has drained one.
set -eu
mkdir -p drained
until [ "$(ls drained)" ]; do
  events=$(simevents list --status Scheduled --type SystemMaintenance.Reboot)
  for instance in $(echo "$events" | awk 'NR > 1 { print $2 }'); do
    echo "draining $instance"
    touch "drained/$instance"
  done
  sleep 0.2
done
