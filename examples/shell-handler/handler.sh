#!/bin/sh
# Drains each instance that is about to restart: runs until it has drained one.
set -eu
mkdir -p drained
until [ "$(ls drained)" ]; do
  simevents list --status Scheduled --type SystemMaintenance.Reboot |
    awk 'NR > 1 { print $2 }' |
    while read -r instance; do
      echo "draining $instance"
      touch "drained/$instance"
    done
  sleep 0.2
done
